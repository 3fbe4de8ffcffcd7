// @ts-check
// Where a price stands between the lowest and the highest of a time: a bar with both ends named.

import { h, s, setText } from "./dom.js";
import { price } from "./format.js";

const WIDTH = 1000;

/** @param {string} name */
export function rangeBar(name) {
  const low = h("span", { class: "num", text: "–" });
  const high = h("span", { class: "num", text: "–" });
  const part = s("rect", { class: "range-part", x: 0, y: 0, width: 0, height: 8 });
  // A line of no length with round ends stays a dot, however far the picture is stretched.
  const dot = s("path", { class: "range-dot", d: "M0 4h0", visibility: "hidden" });
  const bar = s("svg", {
    class: "range-bar", viewBox: `0 0 ${WIDTH} 8`, preserveAspectRatio: "none", "aria-hidden": "true", focusable: "false",
  }, s("rect", { class: "range-all", x: 0, y: 0, width: WIDTH, height: 8 }), part, dot);
  const spoken = h("span", { class: "visually-hidden" });
  let least = Number.NaN;
  let most = Number.NaN;
  const show = (/** @type {number} */ value) => {
    if (!Number.isFinite(least) || !Number.isFinite(value)) return;
    least = Math.min(least, value);
    most = Math.max(most, value);
    const at = most > least ? ((value - least) / (most - least)) * WIDTH : WIDTH / 2;
    setText(low, price(least));
    setText(high, price(most));
    setText(spoken, ` from ${price(least)} to ${price(most)}, now ${price(value)}`);
    part.setAttribute("width", at.toFixed(1));
    dot.setAttribute("d", `M${at.toFixed(1)} 4h0`);
    dot.setAttribute("visibility", "visible");
  };
  return {
    element: h("div", { class: "range" },
      h("p", { class: "range-name" }, name, spoken),
      h("div", { class: "range-row", "aria-hidden": "true" }, low, bar, high)),
    /** @param {{ low: number, high: number }[]} bars @param {number} value */
    setBars: (bars, value) => {
      if (bars.length === 0) return;
      least = Math.min(...bars.map((b) => b.low));
      most = Math.max(...bars.map((b) => b.high));
      show(value);
    },
    show,
  };
}
