// Counts what is ticked in a list of materials, and prints the list or the page.

function count(list) {
  const line = list.querySelector("[data-ready]");
  const boxes = [...list.querySelectorAll(".checklist input")];
  list.addEventListener("change", () => {
    const ready = boxes.filter((b) => b.checked).length;
    line.textContent = ready === boxes.length ? "都备好了。" : `已备好 ${ready} 样，还有 ${boxes.length - ready} 样。`;
  });
}

function print(only) {
  const root = document.documentElement;
  if (only) root.classList.add("only-list");
  window.addEventListener("afterprint", () => root.classList.remove("only-list"), { once: true });
  window.print();
}

for (const line of document.querySelectorAll("[data-ready]")) count(line.closest("section"));
for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => print(button.dataset.print === "list"));
  button.hidden = false;
}
