// Copies the citation of an article: 《X法》第十二条. Where the browser does not let a page copy, the citation is shown, selected.

function show(button) {
  const text = document.createElement("span");
  text.textContent = button.dataset.quote;
  button.replaceWith(text);
  getSelection().selectAllChildren(text);
}

async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.quote);
  } catch {
    show(button);
    return;
  }
  const label = button.textContent;
  button.textContent = "已复制";
  setTimeout(() => (button.textContent = label), 2000);
}

for (const button of document.querySelectorAll("[data-quote]")) {
  button.addEventListener("click", () => copy(button));
  button.hidden = false;
}
