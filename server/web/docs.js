// Shows the answers of the examples on /docs below them. Without this module the browser opens them as pages.

for (const form of document.querySelectorAll('form.try')) {
  form.addEventListener('submit', e => {
    e.preventDefault();
    const given = [...new FormData(form)].filter(([, value]) => value !== '');
    show(form, form.getAttribute('action') + (given.length ? '?' + new URLSearchParams(given) : ''));
  });
}
for (const list of document.querySelectorAll('ul.try')) {
  list.addEventListener('click', e => {
    const link = e.target.closest('a');
    if (!link || e.ctrlKey || e.metaKey || e.shiftKey) return;
    e.preventDefault();
    show(list, link.getAttribute('href'));
  });
}

async function show(after, address) {
  let box = after.nextElementSibling;
  if (!box?.classList.contains('answer')) {
    box = document.createElement('div');
    box.className = 'answer';
    const line = document.createElement('p'), body = document.createElement('pre');
    line.setAttribute('role', 'status');
    body.tabIndex = 0;
    body.setAttribute('role', 'region');
    body.setAttribute('aria-label', '回答');
    box.append(line, body);
    after.after(box);
  }
  const [line, body] = box.children;
  line.textContent = '正在问…';
  try {
    const answer = await fetch(address);
    const text = await answer.text();
    line.textContent = `GET ${decodeURI(address)} → ${answer.status}`;
    body.textContent = /json/.test(answer.headers.get('Content-Type')) ? JSON.stringify(JSON.parse(text), null, 2) : text;
  } catch (error) {
    line.textContent = '没有问到：' + error.message;
    body.textContent = '';
  }
}
