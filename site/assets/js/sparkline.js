// @ts-check
// A line of recent prices in one SVG that is changed in place.

import { s } from "./dom.js";
import { direction, price as writePrice } from "./format.js";

const WIDTH = 100;
const HEIGHT = 32;
const POINTS = 90;
const STEP_MS = 4000;

export class Sparkline {
  /** @type {number[]} */ #values = [];
  #lastAddedAt = 0;
  #area = s("path", { class: "spark-area" });
  #line = s("path", { class: "spark-line" });
  /** @type {SVGSVGElement} */ element;

  constructor() {
    this.element = s(
      "svg",
      {
        class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img",
        "aria-label": "No prices yet", focusable: "false",
      },
      this.#area, this.#line,
    );
  }

  /** Starts from prices that are known already, oldest first. @param {number[]} values */
  seed(values) {
    if (values.length < 2) return;
    this.#values = values.slice(-POINTS);
    this.#draw();
  }

  get isSeeded() { return this.#values.length > 2; }

  /** @param {number} value */
  add(value) {
    const now = Date.now();
    // Many ticks a second would push the hour out of the picture: they share a point.
    if (now - this.#lastAddedAt < STEP_MS && this.#values.length > 1) this.#values.pop();
    else this.#lastAddedAt = now;
    this.#values.push(value);
    if (this.#values.length > POINTS) this.#values.shift();
    this.#draw();
  }

  #draw() {
    const values = this.#values;
    const first = values[0] ?? 0;
    const last = values.at(-1) ?? 0;
    const low = Math.min(...values);
    const high = Math.max(...values);
    const span = high - low || 1;
    const step = WIDTH / Math.max(1, values.length - 1);
    const y = (/** @type {number} */ v) => HEIGHT - 3 - ((v - low) / span) * (HEIGHT - 6);
    const points = (values.length > 1 ? values : [first, first]).map(
      (v, i) => `${(i * (values.length > 1 ? step : WIDTH)).toFixed(2)} ${y(v).toFixed(2)}`,
    );
    this.#line.setAttribute("d", `M${points.join("L")}`);
    this.#area.setAttribute("d", `M0 ${HEIGHT}L${points.join("L")}L${WIDTH} ${HEIGHT}Z`);
    const way = direction(last - first);
    const label =
      values.length > 1
        ? `Recent prices between ${writePrice(low)} and ${writePrice(high)}, ` +
          { up: "rising", down: "falling", flat: "level" }[way]
        : "The line grows as prices arrive";
    if (this.element.getAttribute("aria-label") !== label) this.element.setAttribute("aria-label", label);
  }
}
