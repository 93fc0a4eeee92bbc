// Suggestions under the search box: a combobox with a list, after WAI-ARIA 1.2. Without this module the box is a plain
// form; with it nothing moves, the list lies over the page.

const LIMIT = 8, PAUSE = 120; // milliseconds between the last key and the question
const HEADS = {item: "事项", policy: "政策", news: "新闻", "": "常搜"};

class Box {
  constructor(form) {
    this.form = form;
    this.input = form.querySelector("input[type=search]");
    this.known = new Map(); // what was answered before, by text
    this.options = [];
    this.active = -1;
    this.build();
    this.listen();
  }

  build() {
    this.list = document.createElement("div");
    this.list.id = this.input.id + "-list";
    this.list.className = "suggest";
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", "建议");
    this.list.hidden = true;
    this.status = document.createElement("span");
    this.status.className = "hidden";
    this.status.setAttribute("role", "status");
    this.form.append(this.list, this.status);
    const a = {role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.list.id, "aria-haspopup": "listbox"};
    for (const name in a) this.input.setAttribute(name, a[name]);
  }

  listen() {
    const on = (target, type, f) => target.addEventListener(type, f);
    on(this.input, "compositionstart", () => { this.composing = true; });
    on(this.input, "compositionend", () => {
      this.composing = false;
      // Safari ends the composition before it reports the key that ended it, and that key must not submit.
      this.ended = true;
      setTimeout(() => { this.ended = false; }, 100);
      this.typed();
    });
    on(this.input, "input", e => { if (!e.isComposing && !this.composing) this.typed(); });
    on(this.input, "keydown", e => this.key(e));
    on(this.input, "blur", () => this.close());
    on(this.list, "pointerdown", e => { if (e.pointerType === "mouse") e.preventDefault(); }); // the box keeps the focus
    on(this.list, "mousedown", e => e.preventDefault());
    on(this.list, "click", e => {
      const option = e.target.closest("[role=option]");
      if (option) this.choose(this.options.indexOf(option));
    });
    on(this.form, "submit", e => {
      if (this.composing || this.ended) { e.preventDefault(); return; }
      this.close();
      this.form.classList.add("busy");
    });
    on(window, "pageshow", () => this.form.classList.remove("busy")); // the browser went back to this page
  }

  key(e) {
    // 229 is what browsers report for a key that the input method takes.
    if (e.isComposing || e.keyCode === 229) return;
    this.ended = false;
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const open = !this.list.hidden, last = this.options.length - 1;
    let to;
    switch (e.key) {
    case "ArrowDown":
      if (!open) { this.ask(); break; }
      to = this.active === last ? -1 : this.active + 1;
      break;
    case "ArrowUp":
      if (!open) return;
      to = this.active === -1 ? last : this.active - 1;
      break;
    case "Home": if (this.active < 0) return; to = 0; break;
    case "End": if (this.active < 0) return; to = last; break;
    case "Enter": if (this.active < 0) return; this.choose(this.active); break;
    case "Escape": if (!open) return; this.close(); break;
    default: return;
    }
    e.preventDefault();
    if (to !== undefined) this.mark(to);
  }

  // mark makes an option the active one, -1 none: the box keeps the focus and what was typed.
  mark(to) {
    this.options[this.active]?.setAttribute("aria-selected", "false");
    this.active = to;
    const option = this.options[to];
    if (!option) { this.input.removeAttribute("aria-activedescendant"); return; }
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({block: "nearest"});
    this.input.setAttribute("aria-activedescendant", option.id);
  }

  choose(i) {
    const s = this.options[i].suggestion;
    this.ended = false;
    this.close();
    if (s.id) {
      location.assign((s.kind === "item" ? "/items/" : "/documents/") + encodeURIComponent(s.id));
      return;
    }
    this.input.value = s.text;
    this.form.requestSubmit();
  }

  close() {
    clearTimeout(this.timer);
    this.request?.abort();
    this.list.hidden = true;
    this.status.textContent = "";
    this.mark(-1);
    this.input.setAttribute("aria-expanded", "false");
  }

  typed() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), PAUSE);
  }

  async ask() {
    const text = this.input.value.trim();
    this.request?.abort();
    if (!text) { this.close(); return; }
    const request = this.request = new AbortController();
    try {
      let list = this.known.get(text);
      if (!list) {
        const answer = await fetch("/api/v1/suggest?" + new URLSearchParams({q: text, limit: LIMIT}), {signal: request.signal});
        if (!answer.ok) throw new Error(answer.status);
        list = (await answer.json()).suggestions;
        this.known.set(text, list);
      }
      if (!request.signal.aborted && document.activeElement === this.input) this.show(list);
    } catch (e) {
      if (e.name !== "AbortError") this.close(); // no suggestions are no failure: the box still searches
    }
  }

  show(list) {
    this.mark(-1);
    this.options = [];
    const groups = new Map();
    for (const s of list) {
      const kind = s.kind in HEADS ? s.kind : "";
      if (!groups.has(kind)) groups.set(kind, this.group(kind));
      groups.get(kind).append(this.option(s));
    }
    this.list.replaceChildren(...Object.keys(HEADS).flatMap(kind => groups.get(kind) ?? []));
    this.options = [...this.list.querySelectorAll("[role=option]")];
    this.options.forEach((o, i) => { o.id = this.list.id + "-" + i; });
    this.list.hidden = list.length === 0;
    this.input.setAttribute("aria-expanded", String(list.length > 0));
    this.status.textContent = list.length ? `有 ${list.length} 条建议，按上下键选择` : "";
  }

  group(kind) {
    const group = document.createElement("div"), head = document.createElement("div");
    group.setAttribute("role", "group");
    head.id = this.list.id + "-" + (kind || "popular");
    head.className = "head";
    head.textContent = HEADS[kind];
    group.setAttribute("aria-labelledby", head.id);
    group.append(head);
    return group;
  }

  option(s) {
    const option = document.createElement("div"), text = document.createElement("span");
    option.suggestion = s;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    for (const run of s.runs?.length ? s.runs : [{text: s.text}]) {
      const part = document.createElement(run.mark ? "b" : "span");
      part.textContent = run.text;
      text.append(part);
    }
    option.append(text);
    if (s.why) {
      const why = document.createElement("small");
      why.textContent = s.why;
      option.append(why);
    }
    return option;
  }
}

for (const form of document.querySelectorAll("form.box")) new Box(form);
