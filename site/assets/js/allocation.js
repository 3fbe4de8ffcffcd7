// @ts-check
// How the account's value is spread over cash and stocks: one bar, and the same in words.

import { h, s } from "./dom.js";
import { dollars } from "./format.js";

/** Tints beyond these repeat; the words name every part. */
const TINTS = 6;
/** Parts below this share of the bar would not be seen. */
const LEAST = 0.004;

/** @typedef {{ name: string, value: number, share: number, tint: string }} Part */

/**
 * @param {import("./account.js").Position[]} positions @param {number} cash
 * @returns {Part[]}
 */
export function parts(positions, cash) {
  const stocks = positions.filter((p) => p.marketValue > 0)
    .sort((a, b) => b.marketValue - a.marketValue)
    .map((p, i) => ({ name: p.symbol, value: p.marketValue, tint: String((i % TINTS) + 1) }));
  const all = [...stocks, ...(cash > 0 ? [{ name: "Cash", value: cash, tint: "cash" }] : [])];
  const sum = all.reduce((total, part) => total + part.value, 0);
  return sum > 0 ? all.map((part) => ({ ...part, share: part.value / sum })) : [];
}

/** @param {Part[]} all */
export function allocation(all) {
  const bar = s("svg", {
    class: "allocation", viewBox: "0 0 1000 24", preserveAspectRatio: "none", "aria-hidden": "true", focusable: "false",
  });
  let x = 0;
  for (const part of all) {
    const width = Math.max(part.share, LEAST) * 1000;
    bar.append(s("rect", { x: x.toFixed(1), y: 0, width: width.toFixed(1), height: 24, "data-tint": part.tint }));
    x += width;
  }
  return h("div", {}, bar, h("ul", { class: "allocation-key" }, all.map((part) =>
    h("li", {},
      h("span", { class: "allocation-dot", data: { tint: part.tint }, "aria-hidden": "true" }),
      h("strong", { text: part.name }), ` ${(part.share * 100).toFixed(1)} % · ${dollars(part.value)}`))));
}
