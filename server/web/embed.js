// Makes /embed live: what is chosen in the form changes the code and the preview at once, and code can be copied.

const PAUSE = 350; // milliseconds between the last change and the new code
const form = document.getElementById('make');
let timer, request;

form.addEventListener('input', () => {
  clearTimeout(timer);
  timer = setTimeout(renew, PAUSE);
});
form.addEventListener('submit', e => { e.preventDefault(); renew(); });

async function renew() {
  clearTimeout(timer);
  request?.abort();
  request = new AbortController();
  const address = '/embed?' + new URLSearchParams(new FormData(form));
  try {
    const answer = await fetch(address, {signal: request.signal});
    if (!answer.ok) throw new Error(answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    for (const id of ['made', 'where-hint']) document.getElementById(id).replaceWith(document.adoptNode(page.getElementById(id)));
    const wrong = page.getElementById('where').hasAttribute('aria-invalid');
    form.elements.place.toggleAttribute('aria-invalid', wrong);
    history.replaceState(null, '', address);
    offerCopies();
  } catch (error) {
    if (error.name !== 'AbortError') location.assign(address);
  }
}

function offerCopies() {
  for (const text of document.querySelectorAll('#made textarea')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'button plain copy';
    button.textContent = '复制';
    button.addEventListener('click', async () => {
      text.select();
      try {
        await navigator.clipboard.writeText(text.value);
        button.textContent = '已复制';
      } catch {
        button.textContent = '已选中，请按 Ctrl+C 复制';
      }
    });
    text.after(button);
  }
}

offerCopies();
