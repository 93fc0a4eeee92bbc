// Reads a part of the page aloud with the voice of the browser. A button [data-read=ID] starts and stops it; without this
// module, or a voice, the button stays hidden.

const speech = window.speechSynthesis;
// What is spoken as one piece; anything else is only a container. Tables and what one operates are left out.
const pieces = "h1, h2, h3, h4, p, li, dt, dd, label, summary";
const silent = "nav, table, button, .buttons, .ready, .noread, .cite, [hidden]";

function spoken(root) {
  return [...root.querySelectorAll(pieces)].filter((e) => !e.closest(silent) && !e.querySelector(pieces) && e.textContent.trim());
}

// Browsers stop in the middle of long texts, so a piece is spoken sentence by sentence.
function sentences(text) {
  return text.replace(/\s+/g, " ").match(/[^。！？；\n]{1,120}[。！？；]*/g) ?? [];
}

class Reader {
  constructor(button, root) {
    this.button = button;
    this.root = root;
    this.label = button.textContent;
    button.addEventListener("click", () => (this.reading ? this.stop() : this.start()));
  }

  start() {
    speech.cancel();
    this.reading = true;
    this.button.textContent = "停止朗读";
    const list = spoken(this.root).flatMap((element) => sentences(element.textContent).map((text) => ({ element, text })));
    list.forEach(({ element, text }, i) => {
      const u = new SpeechSynthesisUtterance(text);
      u.lang = "zh-CN";
      u.rate = 0.9;
      u.onstart = () => this.mark(element);
      u.onend = () => i === list.length - 1 && this.stop();
      u.onerror = () => this.stop();
      speech.speak(u);
    });
    if (list.length === 0) this.stop();
  }

  mark(element) {
    if (!this.reading || this.at === element) return;
    this.at?.classList.remove("saying");
    this.at = element;
    element.classList.add("saying");
  }

  stop() {
    if (!this.reading) return;
    this.reading = false;
    this.at?.classList.remove("saying");
    this.at = undefined;
    this.button.textContent = this.label;
    speech.cancel();
  }
}

if (speech && window.SpeechSynthesisUtterance) {
  for (const button of document.querySelectorAll("[data-read]")) {
    const root = document.getElementById(button.dataset.read);
    if (!root) continue;
    const reader = new Reader(button, root);
    window.addEventListener("pagehide", () => reader.stop());
    button.hidden = false;
  }
}
