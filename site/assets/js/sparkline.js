// @ts-check
// A line of recent prices in one SVG that is changed in place.

import { s } from "./dom.js";
import { direction, price as writePrice } from "./format.js";

const WIDTH = 100;
const HEIGHT = 32;
const POINTS = 90;
/** Milliseconds that share a point: fewer while there is no past, so that the line grows soon. */
const STEP_MS = { seeded: 4000, growing: 1000 };

export class Sparkline {
  /** @type {number[]} */ #values = [];
  #lastAddedAt = 0;
  #area = s("path", { class: "spark-area" });
  #line = s("path", { class: "spark-line" });
  /** A line of no length with round ends: a dot that the stretched picture leaves round. */
  #end = s("path", { class: "spark-end" });
  /** @type {SVGSVGElement} */ element;

  constructor() {
    this.element = s(
      "svg",
      {
        class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img",
        "aria-label": "No prices yet", focusable: "false",
      },
      this.#area, this.#line, this.#end,
    );
  }

  isSeeded = false;

  /** Starts from prices that are known already, oldest first. @param {number[]} values */
  seed(values) {
    if (values.length < 2) return;
    const step = Math.max(1, values.length / POINTS);
    const count = Math.min(POINTS, values.length);
    this.#values = Array.from({ length: count }, (_, i) =>
      values[Math.min(values.length - 1, Math.round((i + 1) * step) - 1)] ?? 0);
    this.isSeeded = values.length > 2;
    this.#draw();
  }

  /** @param {number} value */
  add(value) {
    const now = Date.now();
    // Many ticks a second would push the hour out of the picture: they share a point.
    const step = this.isSeeded ? STEP_MS.seeded : STEP_MS.growing;
    if (now - this.#lastAddedAt < step && this.#values.length > 1) this.#values.pop();
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
    this.#end.setAttribute("d", `M${points.at(-1)}h0`);
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
