// @ts-check
// The line above a chart that says what one of its points is, in columns that do not jump.

import { h, setText } from "./dom.js";
import { compact, direction, signedPercent } from "./format.js";

/** @typedef {import("./history.js").Bar} Bar */
/** @typedef {{ name: string, text: string, way?: "up" | "down" | "flat" }} Part */

/**
 * What there is to say about a bar.
 * @param {Bar} bar @param {number} from the value that the change is counted from
 * @param {{ isLine: boolean, hasVolume: boolean, write: (value: number) => string }} options
 * @returns {Part[]}
 */
export function partsOf(bar, from, { isLine, hasVolume, write }) {
  const start = isLine ? from : bar.open;
  const moved = start ? ((bar.close - start) / start) * 100 : Number.NaN;
  /** @type {Part[]} */
  const values = isLine ? [{ name: "Value", text: write(bar.close) }] : [
    { name: "Open", text: write(bar.open) }, { name: "High", text: write(bar.high) },
    { name: "Low", text: write(bar.low) }, { name: "Close", text: write(bar.close) },
  ];
  return [
    ...values,
    { name: "Change", text: signedPercent(moved), way: direction(Math.abs(moved) < 0.005 ? 0 : moved) },
    ...(hasVolume ? [{ name: "Volume", text: compact(bar.volume) }] : []),
  ];
}

export class Readout {
  #time = h("span", { class: "readout-time", text: " " });
  #list = h("span", { class: "readout-parts" });
  element = h("p", { class: "chart-readout" }, this.#time, this.#list);
  /** @type {{ name: Element, value: Element }[]} */ #shown = [];

  /** @param {string} time @param {Part[]} parts */
  show(time, parts) {
    setText(this.#time, time || " ");
    if (this.#shown.length !== parts.length) {
      this.#shown = parts.map(() => ({ name: h("span", { class: "readout-name" }), value: h("span", { class: "readout-value" }) }));
      this.#list.dataset.count = String(parts.length);
      this.#list.replaceChildren(
        ...this.#shown.map(({ name, value }) => h("span", { class: "readout-part" }, name, " ", value)));
    }
    parts.forEach((part, i) => {
      const at = this.#shown[i];
      if (!at) return;
      setText(at.name, part.name);
      setText(at.value, part.text);
      at.value.classList.toggle("is-up", part.way === "up");
      at.value.classList.toggle("is-down", part.way === "down");
    });
  }
}

/** @param {string} time @param {Part[]} parts for people who listen */
export const spoken = (time, parts) => [time, ...parts.map((p) => `${p.name.toLowerCase()} ${p.text}`)].join(", ");
