// @ts-check
// Addresses under /app/ and the views that they name.

/** @typedef {{ name: string, params: Record<string, string>, query: URLSearchParams }} Route */

const ROUTES = [
  ["dashboard", /^\/app\/?$/],
  ["stock", /^\/app\/stocks\/(?<symbol>[A-Za-z.-]{1,10})\/?$/],
  ["portfolio", /^\/app\/portfolio\/?$/],
  ["orders", /^\/app\/orders\/?$/],
  ["transactions", /^\/app\/transactions\/?$/],
  ["favorites", /^\/app\/favorites\/?$/],
  ["execution", /^\/app\/executions\/(?<id>[A-Za-z0-9_.:-]{1,120})\/?$/],
  ["profile", /^\/app\/profile\/?$/],
];

/** @param {URL} url @returns {Route | null} */
export function match(url) {
  for (const [name, pattern] of ROUTES) {
    const found = /** @type {RegExp} */ (pattern).exec(url.pathname);
    if (found) return { name: String(name), params: { ...found.groups }, query: url.searchParams };
  }
  return null;
}

/** Follows links within /app/ without loading a page. @param {(url: URL) => void} onChange */
export function listen(onChange) {
  document.addEventListener("click", (event) => {
    const link = /** @type {HTMLElement} */ (event.target).closest?.("a[href]");
    if (!(link instanceof HTMLAnchorElement) || event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || link.target) return;
    const url = new URL(link.href);
    if (url.origin !== window.location.origin || !match(url)) return;
    event.preventDefault();
    if (url.href !== window.location.href) window.history.pushState(null, "", url);
    onChange(url);
  });
  window.addEventListener("popstate", () => onChange(new URL(window.location.href)));
}

/** @param {string} path @param {(url: URL) => void} onChange */
export function go(path, onChange) {
  const url = new URL(path, window.location.origin);
  window.history.pushState(null, "", url);
  onChange(url);
}
