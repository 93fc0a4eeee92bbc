// Runs in every document of a browser test before the page's own scripts.
window.__watched = {violations: [], shift: 0, shifted: []};
document.addEventListener('securitypolicyviolation', e => {
  window.__watched.violations.push(`${e.effectiveDirective} ${e.blockedURI} (${e.sourceFile || ''}:${e.lineNumber}) ${e.sample}`);
});
new PerformanceObserver(list => {
  for (const e of list.getEntries()) {
    if (e.hadRecentInput) continue;
    window.__watched.shift += e.value;
    for (const s of e.sources || []) {
      const n = s.node;
      window.__watched.shifted.push(n ? `${n.nodeName}.${n.className || n.parentNode?.className || ''}` : '?');
    }
  }
}).observe({type: 'layout-shift', buffered: true});
