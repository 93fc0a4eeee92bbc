// A link to an article of a long document, which is shown in parts, may lead to another part of it than the one that holds it.
const anchor = decodeURIComponent(location.hash.slice(1));
if (anchor && document.querySelector("[data-parts]") && !document.getElementById(anchor) && !location.search.includes("at=")) {
  location.replace(`?at=${encodeURIComponent(anchor)}#${encodeURIComponent(anchor)}`);
}

// Copies the citation of an article: 《X法》第十二条. Where the browser does not let a page copy, the citation is shown, selected.

function show(button, citation) {
  const text = document.createElement("span");
  text.textContent = citation;
  button.replaceWith(text);
  getSelection().selectAllChildren(text);
}

async function copy(button, citation) {
  try {
    await navigator.clipboard.writeText(citation);
  } catch {
    show(button, citation);
    return;
  }
  const label = button.textContent;
  button.textContent = "已复制";
  setTimeout(() => (button.textContent = label), 2000);
}

// The page of a long law holds hundreds of these, so that it does not repeat its title in each.
for (const button of document.querySelectorAll(".cite button")) {
  const law = button.closest("[data-law]").dataset.law;
  const citation = law + button.closest("section").querySelector("b").textContent;
  button.addEventListener("click", () => copy(button, citation));
  button.setAttribute("aria-label", `复制引用 ${citation}`);
  button.hidden = false;
}
