// @ts-check
// The site's own posts about a stock: the build leaves them in the page as a template, by their tags.

import { byId, h } from "./dom.js";
import { empty, link, panel } from "./ui.js";

/** @param {string} symbol */
export function newsAbout(symbol) {
  const kept = /** @type {HTMLTemplateElement | null} */ (byId("newsItems"));
  const items = [...(kept?.content.querySelectorAll("li") ?? [])]
    .filter((item) => (item.dataset.tags ?? "").split(/\s+/).includes(symbol))
    .map((item) => item.cloneNode(true));
  return panel("newsTitle", "News",
    items.length > 0 ? h("ul", { class: "news-short" }, items)
      : empty(`Nothing has been written about ${symbol} yet. `, link("/news/", "All news")));
}
