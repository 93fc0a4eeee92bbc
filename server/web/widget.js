// The search box for other sites: <tongsou-search place kinds key mode target><form action="…/search">…</form></tongsou-search>.
//
// The form inside serves where scripts do not run; with this script the element shows a box of its own in a shadow root.
// It must work under a policy as strict as "default-src 'none'; script-src HOST; connect-src HOST; form-action HOST;
// style-src 'none'", so it writes no markup and no inline style: elements are made one by one, text goes in as text, and
// the style sheet is constructed. It sets no cookies and no globals. Docs: /embed on the same host.
(() => {
  'use strict';
  const script = document.currentScript;
  if (!script || customElements.get('tongsou-search')) return;
  const base = new URL('.', script.src);

  const kindNames = {item: '办事事项', policy: '政策法规', news: '新闻资讯'};
  const heads = {item: '事项', policy: '政策', news: '新闻', '': '常搜'};
  const debounce = 120; // ms between the last key and the question for suggestions
  const shown = 5; // hits of a kind in place

  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    :host { display: block; position: relative; text-align: start; line-height: 1.6;
      font-family: var(--tongsou-font, inherit); font-size: var(--tongsou-size, 1.0625rem);
      --ink: var(--tongsou-ink, CanvasText); --paper: var(--tongsou-paper, Canvas); --line: var(--tongsou-line, #868b94);
      --brand: var(--tongsou-brand, #8c2f1b); --brand-ink: var(--tongsou-brand-ink, #fff);
      --radius: var(--tongsou-radius, .5rem); color: var(--ink); }
    :host([hidden]) { display: none; }
    * { box-sizing: border-box; margin: 0; padding: 0; font: inherit; }
    form { display: flex; border: 2px solid var(--brand); border-radius: var(--radius); background: var(--paper); overflow: hidden; }
    form:focus-within { outline: 3px solid var(--brand); outline-offset: 2px; }
    input { flex: 1; min-width: 0; min-height: 3rem; padding: 0 .9em; border: 0; outline: 0; color: inherit; background: none; appearance: none; }
    input::placeholder { color: inherit; opacity: .75; }
    button { min-height: 3rem; min-width: 4.5em; padding: 0 1.2em; border: 0; font-weight: 600; white-space: nowrap;
      color: var(--brand-ink); background: var(--brand); cursor: pointer; }
    button:focus-visible { outline: 3px solid var(--brand-ink); outline-offset: -6px; }
    ul, ol { list-style: none; }
    .list { position: absolute; z-index: 10; inset-inline: 0; top: 100%; margin-top: .45rem; max-height: 22rem; overflow-y: auto;
      border: 1px solid var(--line); border-radius: var(--radius); background: var(--paper); box-shadow: 0 .4rem 1.2rem #0003; }
    .box { position: relative; }
    .list[hidden] { display: none; }
    .head { padding: .5em .9em .1em; font-size: .85em; color: var(--tongsou-soft, inherit); }
    .option { padding: .55em .9em; min-height: 2.75rem; cursor: pointer; overflow-wrap: anywhere; }
    .option small { font-size: .85em; margin-inline-start: .6em; color: var(--tongsou-soft, inherit); }
    .option[aria-selected=true], .option:hover { color: var(--brand-ink); background: var(--brand); }
    .option[aria-selected=true] { outline: 2px solid var(--brand); outline-offset: -2px; }
    .option[aria-selected=true] *, .option:hover * { color: inherit; }
    .status:not(:empty) { padding-top: .6em; }
    .results:not(:empty) { padding-top: .4em; }
    h3 { margin: .8em 0 .3em; font-weight: 700; }
    h3 small { font-size: .85em; font-weight: 400; margin-inline-start: .6em; }
    .card { padding: .7em 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
    a { color: var(--tongsou-link, LinkText); text-decoration: underline; text-underline-offset: .2em; }
    a:focus-visible { outline: 3px solid var(--brand); outline-offset: 2px; }
    .title { display: inline-block; font-weight: 600; padding: .2em 0; }
    .facts, .snippet { font-size: .92em; }
    .facts span + span::before { content: " · "; }
    .more { display: inline-flex; align-items: center; min-height: 2.75rem; margin-top: .4em; }
    mark { color: inherit; background: none; font-weight: 700; }
    .snippet mark { text-decoration: underline; text-decoration-color: var(--brand); text-decoration-thickness: 2px; }
    .away { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  `);

  // el makes an element: attributes, then children; strings become text.
  const el = (tag, attributes, ...children) => {
    const e = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value !== undefined && value !== false) e.setAttribute(name, value === true ? '' : value);
    }
    e.append(...children.filter(c => c !== undefined && c !== ''));
    return e;
  };
  const runs = list => (list || []).map(r => r.mark ? el('mark', {part: 'mark'}, r.text) : r.text);
  const plain = list => (list || []).map(r => r.text).join('');
  const limit = l => !l ? '' : l.instant ? '当场办好' : l.days ? `${l.days} 个${l.unit}` : '';
  const visits = n => n === undefined ? '' : n === 0 ? '不用跑' : `跑 ${n} 次`;
  const web = address => /^https?:\/\//i.test(address || '') ? address : '';
  const pageOf = (kind, id, section) =>
    new URL(`${kind === 'item' ? 'items' : 'documents'}/${encodeURIComponent(id)}${section ? '#' + encodeURIComponent(section) : ''}`, base).href;

  // facts are what a card says in one line.
  const facts = hit => {
    const c = hit.item;
    const list = c
      ? [c.body, hit.place, limit(c.promised_limit), visits(c.visits), c.materials && `材料 ${c.materials.length} 份`, c.fee_free && '不收费']
      : [hit.number, hit.issuer, hit.place, hit.date, hit.validity !== '现行' && hit.validity];
    return list.filter(Boolean);
  };

  let count = 0; // elements of this kind on the page, for ids within the shadow roots

  class TongsouSearch extends HTMLElement {
    #id = ++count;
    #built = false;
    #composing = false;
    #ended = false; // whether a composition has only just ended
    #options = []; // {element, suggestion} as shown
    #active = -1;
    #timer = 0;
    #suggesting = null; // AbortController of the question under way
    #searching = null;
    #input; #form; #list; #heard; #status; #results;

    connectedCallback() {
      if (this.#built) return;
      this.#built = true;
      const root = this.attachShadow({mode: 'open', delegatesFocus: true});
      root.adoptedStyleSheets = [sheet];
      this.#build(root);
      this.#listen();
    }

    disconnectedCallback() {
      clearTimeout(this.#timer);
      this.#suggesting?.abort();
      this.#searching?.abort();
      if (this.#built) this.#close();
    }

    get #kinds() {
      return (this.getAttribute('kinds') || '').split(/[\s,]+/).filter(k => k in kindNames);
    }

    #build(root) {
      // What the form inside says is taken over, so that the page's own words stay.
      const inner = this.querySelector('form input:not([type=hidden]):not([type=submit])');
      const innerButton = this.querySelector('form button, form [type=submit]');
      const label = inner?.getAttribute('aria-label') || inner?.labels?.[0]?.textContent.trim() || '想办什么事';
      const list = `list-${this.#id}`;
      this.#input = el('input', {
        part: 'input', type: 'search', name: 'q', role: 'combobox', maxlength: 200, autocomplete: 'off', enterkeyhint: 'search',
        autocapitalize: 'off', spellcheck: 'false', 'aria-label': label, 'aria-autocomplete': 'list', 'aria-expanded': 'false',
        'aria-controls': list, placeholder: inner?.placeholder || '想办什么事？例如：孩子上户口',
      });
      this.#input.value = inner?.value || '';
      this.#form = el('form', {part: 'form', role: 'search', method: 'get', action: new URL('search', base).href}, this.#input,
        el('button', {part: 'button', type: 'submit'}, innerButton?.textContent.trim() || innerButton?.value || '搜索'));
      this.#list = el('div', {part: 'list', class: 'list', id: list, role: 'listbox', 'aria-label': '搜索建议', hidden: true});
      this.#heard = el('span', {class: 'away', role: 'status'});
      this.#status = el('p', {part: 'status', class: 'status', role: 'status'});
      this.#results = el('div', {part: 'results', class: 'results'});
      root.append(el('div', {class: 'box'}, this.#form, this.#list, this.#heard), this.#status, this.#results);
    }

    #listen() {
      const input = this.#input;
      input.addEventListener('compositionstart', () => { this.#composing = true; this.#close(); });
      input.addEventListener('compositionend', () => {
        this.#composing = false;
        // Safari ends the composition before it reports the key that ended it, and that key must not submit.
        this.#ended = true;
        setTimeout(() => { this.#ended = false; }, 100);
        this.#ask();
      });
      input.addEventListener('input', e => { if (!this.#composing && !e.isComposing) this.#ask(); });
      input.addEventListener('keydown', e => this.#key(e));
      this.#form.addEventListener('submit', e => this.#submit(e));
      input.addEventListener('blur', () => this.#close());
      this.#list.addEventListener('mousedown', e => e.preventDefault()); // the box keeps the focus
      this.#list.addEventListener('click', e => {
        const i = this.#options.findIndex(o => o.element.contains(e.target));
        if (i >= 0) this.#choose(i);
      });
    }

    // #key moves in the list. What ends a composition belongs to the input method; 229 is what browsers report for it.
    #key(e) {
      if (this.#composing || e.isComposing || e.keyCode === 229) return;
      this.#ended = false;
      if (e.ctrlKey || e.metaKey || e.altKey) return;
      const open = !this.#list.hidden;
      if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
        e.preventDefault();
        if (!open) return this.#ask(0);
        const n = this.#options.length + 1; // one place more: back in the box
        const step = e.key === 'ArrowDown' ? 1 : n - 1;
        this.#mark((this.#active + 1 + step) % n - 1);
      } else if ((e.key === 'Home' || e.key === 'End') && open && this.#active >= 0) {
        e.preventDefault();
        this.#mark(e.key === 'Home' ? 0 : this.#options.length - 1);
      } else if (e.key === 'Enter' && open && this.#active >= 0) {
        e.preventDefault();
        this.#choose(this.#active);
      } else if (e.key === 'Escape' && open) {
        e.preventDefault();
        e.stopPropagation(); // a dialog around the box stays open
        this.#close();
      }
    }

    #mark(i) {
      this.#options[this.#active]?.element.setAttribute('aria-selected', 'false');
      this.#active = i;
      const option = this.#options[i]?.element;
      if (!option) return this.#input.removeAttribute('aria-activedescendant');
      option.setAttribute('aria-selected', 'true');
      this.#input.setAttribute('aria-activedescendant', option.id);
      option.scrollIntoView({block: 'nearest'});
    }

    #close() {
      clearTimeout(this.#timer);
      this.#suggesting?.abort();
      this.#mark(-1);
      this.#list.hidden = true;
      this.#heard.textContent = '';
      this.#input.setAttribute('aria-expanded', 'false');
    }

    #ask(after = debounce) {
      clearTimeout(this.#timer);
      this.#suggesting?.abort();
      if (!this.#input.value.trim()) return this.#close();
      this.#timer = setTimeout(() => this.#suggest(), after);
    }

    async #suggest() {
      const abort = this.#suggesting = new AbortController();
      try {
        const answer = await this.#fetch('suggest', {q: this.#input.value, limit: '10'}, abort.signal);
        if (!abort.signal.aborted && !this.#composing && this.shadowRoot.activeElement === this.#input) this.#show(answer.suggestions);
      } catch {
        // Suggestions are a help; the box works without them.
      }
    }

    #show(suggestions) {
      const kinds = this.#kinds;
      const list = (suggestions || []).filter(s => !s.kind || !kinds.length || kinds.includes(s.kind));
      this.#mark(-1);
      this.#options = [];
      this.#list.replaceChildren();
      for (const kind of ['item', 'policy', 'news', '']) {
        const own = list.filter(s => (s.kind || '') === kind);
        if (!own.length) continue;
        const name = heads[kind];
        const group = el('div', {role: 'group', 'aria-label': name}, el('div', {class: 'head', 'aria-hidden': 'true', part: 'list-title'}, name));
        for (const s of own) {
          const option = el('div', {
            part: 'option', class: 'option', role: 'option', 'aria-selected': 'false', id: `option-${this.#id}-${this.#options.length}`,
          }, ...(s.runs ? runs(s.runs) : [s.text]), s.why ? el('small', {}, s.why) : '');
          this.#options.push({element: option, suggestion: s});
          group.append(option);
        }
        this.#list.append(group);
      }
      const open = this.#options.length > 0;
      this.#list.hidden = !open;
      this.#heard.textContent = open ? `有 ${this.#options.length} 条建议，按上下键选择` : '';
      this.#input.setAttribute('aria-expanded', String(open));
    }

    #choose(i) {
      const s = this.#options[i].suggestion;
      this.#ended = false;
      if (s.id) {
        const url = pageOf(s.kind, s.id);
        const go = this.#fire('tongsou-select', {query: this.#input.value, id: s.id, kind: s.kind, title: s.text, url});
        this.#close();
        if (go) this.#link(url, s.text).click();
        return;
      }
      this.#input.value = s.text;
      this.#close();
      this.#form.requestSubmit();
    }

    #fire(name, detail) {
      return this.dispatchEvent(new CustomEvent(name, {detail, bubbles: true, composed: true, cancelable: true}));
    }

    // #submit tells the page, then searches in place or lets the form go to the portal.
    #submit(e) {
      const query = this.#input.value.trim();
      if (this.#composing || this.#ended || !query) return e.preventDefault();
      this.#close();
      if (!this.#fire('tongsou-search', {query, place: this.getAttribute('place') || '', kinds: this.#kinds})) return e.preventDefault();
      if (this.getAttribute('mode') === 'results') {
        e.preventDefault();
        this.#search(query);
        return;
      }
      for (const old of this.#form.querySelectorAll('[type=hidden]')) old.remove();
      for (const [name, value] of this.#filters()) this.#form.append(el('input', {type: 'hidden', name, value}));
      this.#form.target = this.getAttribute('target') || '';
    }

    #filters() {
      const place = this.getAttribute('place');
      return [...(place ? [['place', place]] : []), ...this.#kinds.map(k => ['kind', k])];
    }

    async #search(query) {
      this.#searching?.abort();
      const abort = this.#searching = new AbortController();
      this.#status.textContent = '正在搜索…';
      try {
        const filters = this.#filters();
        const answer = await this.#fetch('search', {q: query, limit: String(shown), facets: 'false'}, abort.signal, filters);
        if (!abort.signal.aborted) this.#answer(query, answer);
      } catch (error) {
        if (abort.signal.aborted) return;
        this.#results.replaceChildren(this.#all(query, '到政务服务搜索网站查看'));
        this.#status.textContent = error.detail || '现在连不上搜索服务，请稍后再试，或点下面的链接。';
      }
    }

    #answer(query, answer) {
      const groups = (answer.groups || []).filter(g => g.hits.length);
      const total = groups.reduce((sum, g) => sum + g.total, 0);
      const c = answer.query.correction;
      const notes = [c && `已按“${c.to}”搜索。`, answer.no_answer?.note, total ? `找到 ${total} 条。` : '没有找到。请换个说法，或拨打 12345 咨询。'];
      this.#status.textContent = notes.filter(Boolean).join('');
      this.#results.replaceChildren(...groups.map(g => this.#group(query, g)), total ? this.#all(query, '查看全部结果') : '');
    }

    #group(query, group) {
      const name = kindNames[group.kind] || '';
      return el('section', {part: 'group', 'aria-label': name},
        el('h3', {part: 'group-title'}, name, el('small', {}, `${group.total} 条`)),
        el('ol', {}, ...group.hits.map(hit => this.#card(query, hit))));
    }

    #card(query, hit) {
      const url = pageOf(hit.kind, hit.id, hit.section?.id);
      const title = plain(hit.title);
      const link = this.#link(url, ...runs(hit.title));
      link.className = 'title';
      link.addEventListener('click', e => {
        if (!this.#fire('tongsou-select', {query, id: hit.id, kind: hit.kind, title, url})) e.preventDefault();
      });
      const apply = web(hit.item?.apply_url);
      return el('li', {part: 'card', class: 'card'}, link,
        el('p', {part: 'facts', class: 'facts'}, ...facts(hit).map(f => el('span', {}, f)), hit.sample ? el('span', {}, '示例') : ''),
        hit.kind === 'item' ? '' : el('p', {part: 'snippet', class: 'snippet'}, hit.section?.label ? `${hit.section.label}　` : '', ...runs(hit.snippet)),
        apply ? el('a', {part: 'apply', class: 'more', href: apply, target: '_blank', rel: 'noopener'}, '在线办理',
          el('span', {class: 'away'}, `：${title}（新窗口）`)) : '');
    }

    #link(url, ...children) {
      return el('a', {part: 'link', href: url, target: this.getAttribute('target') || undefined, rel: 'noopener'}, ...children);
    }

    #all(query, text) {
      const url = new URL('search', base);
      url.searchParams.set('q', query);
      for (const [name, value] of this.#filters()) url.searchParams.append(name, value);
      const link = this.#link(url.href, text);
      link.className = 'more';
      return link;
    }

    // #fetch asks the API without cookies. An error carries what the API says of it, in words for the reader.
    async #fetch(what, parameters, signal, more = []) {
      const url = new URL(`api/v1/${what}`, base);
      const key = this.getAttribute('key');
      for (const [name, value] of [...Object.entries(parameters), ...more, ...(key ? [['key', key]] : [])]) url.searchParams.append(name, value);
      const answer = await fetch(url, {signal, credentials: 'omit', mode: 'cors'});
      const body = await answer.json();
      if (!answer.ok) throw Object.assign(new Error(body.title), {detail: [body.title, body.detail].filter(Boolean).join('：')});
      return body;
    }
  }

  customElements.define('tongsou-search', TongsouSearch);
})();
