// @ts-check
// The desk's search box: a combobox (ARIA Authoring Practices) over `GET /search`.

import { api } from "./api.js";
import { h, replace } from "./dom.js";

const WAIT_MS = 150;
const MOST = 8;

/** @typedef {{ symbol: string, name: string }} Hit */

/**
 * @param {HTMLFormElement} form @param {HTMLInputElement} box @param {HTMLElement} list
 * @param {(symbol: string) => void} onChoose
 */
export function searchBox(form, box, list, onChoose) {
  /** @type {Hit[]} */ let hits = [];
  let chosen = -1;
  let timer = 0;
  let asked = new AbortController();

  const close = () => {
    list.hidden = true;
    chosen = -1;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  };
  const mark = (/** @type {number} */ index) => {
    chosen = index;
    [...list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === index)));
    const item = list.children[index];
    if (item && hits.length > 0) box.setAttribute("aria-activedescendant", item.id);
    else box.removeAttribute("aria-activedescendant");
  };
  const choose = (/** @type {Hit | undefined} */ hit) => {
    if (!hit) return;
    box.value = "";
    close();
    box.blur();
    onChoose(hit.symbol);
  };
  const show = (/** @type {string} */ problem = "") => {
    const items = hits.map((hit, i) => h("li", {
      id: `searchHit${i}`, role: "option", "aria-selected": "false",
      // The press comes before the box loses the focus and the list closes.
      on: { pointerdown: (/** @type {Event} */ e) => { e.preventDefault(); choose(hit); } },
    }, h("strong", { text: hit.symbol }), h("span", { text: hit.name })));
    replace(list, items.length > 0 ? items
      : h("li", { class: "search-none", role: "option", "aria-disabled": "true", "aria-selected": "false",
        text: problem || "No stock of that name" }));
    list.hidden = false;
    box.setAttribute("aria-expanded", "true");
    mark(items.length > 0 ? 0 : -1);
  };
  const ask = async () => {
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    const text = box.value.trim();
    if (text === "") return close();
    try {
      const answer = await api(`/search?q=${encodeURIComponent(text)}`, { signal });
      hits = readHits(answer);
      if (!signal.aborted) show();
    } catch {
      if (signal.aborted) return;
      hits = [];
      show("The search does not answer");
    }
  };
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void ask(), WAIT_MS);
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      asked.abort();
      close();
    }
    if (list.hidden || hits.length === 0) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    mark((chosen + step + hits.length) % hits.length);
  });
  box.addEventListener("blur", close);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearTimeout(timer);
    if (list.hidden) await ask();
    choose(hits[Math.max(0, chosen)]);
  });
}

/** @param {any} answer @returns {Hit[]} */
function readHits(answer) {
  const found = Array.isArray(answer?.results) ? answer.results : [];
  return found.slice(0, MOST).map((/** @type {any} */ hit) => ({
    symbol: String(hit?.symbol ?? ""), name: String(hit?.name ?? ""),
  })).filter((/** @type {Hit} */ hit) => hit.symbol !== "");
}
