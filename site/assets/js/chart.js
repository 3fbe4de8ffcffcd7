// @ts-check
// A chart of candles or a line, with volume, in SVG. A slider below it walks through the points, so
// the keyboard and screen readers get every value; a pointer moves the same slider.

import { partsOf, Readout, spoken } from "./chart-readout.js";
import { joined, pointTime, shortTime, ticks, timeTicks } from "./chart-scale.js";
import { h, replace, s } from "./dom.js";
import { direction } from "./format.js";

/** @typedef {import("./history.js").Bar} Bar */

const MARGIN = { top: 12, bottom: 26, left: 4 };
/** Room for the values at the right: per character and around them. */
const LABEL = { character: 7.4, around: 18, height: 16, apart: 12 };
const VOLUME_SHARE = 0.18;
/** Pixels that a candle needs to be read. */
const CANDLE_WIDTH = 6;
let made = 0;

export class Chart {
  /** What was given. @type {Bar[]} */ #given = [];
  /** What is drawn. @type {Bar[]} */ #bars = [];
  /** @type {"candles" | "line"} */ #kind;
  #width = 640;
  #right = 64;
  #index = -1;
  #svg = s("svg", { class: "chart-svg", "aria-hidden": "true", focusable: "false" });
  #cross = s("g", { class: "chart-cross", visibility: "hidden" });
  #slider = h("input", { type: "range", class: "chart-slider", min: 0, max: 0, step: 1, value: 0 });
  #readout = new Readout();
  /** @type {{ value: number, text: string } | null} */ #baseline = null;
  #gradient = `chartFade${(made += 1)}`;
  /** Keeps the slider as long as the plot; a width as an attribute needs no style. */
  #spacer = s("svg", { height: 1, "aria-hidden": "true", focusable: "false" });

  /**
   * @param {object} options
   * @param {string} options.label what is drawn, for the slider's name
   * @param {(value: number) => string} options.write how a value is written
   * @param {"candles" | "line"} [options.kind] @param {number} [options.height] @param {boolean} [options.volume]
   * @param {number} [options.leastSpan] of the values' axis, as a part of the value
   * @param {AbortSignal} [options.signal]
   */
  constructor(options) {
    this.options = options;
    this.#kind = options.kind ?? "line";
    this.#slider.setAttribute("aria-label", `${options.label}: point in time`);
    // The height is known before the first bar, so nothing below moves when it comes.
    this.#svg.setAttribute("width", "100%");
    this.#svg.setAttribute("height", String(this.#height));
    this.#slider.addEventListener("input", () => this.#select(Number(this.#slider.value)));
    this.#slider.addEventListener("blur", () => this.#select(this.#bars.length - 1, false));
    this.#svg.addEventListener("pointermove", (/** @type {PointerEvent} */ e) => this.#point(e));
    this.#svg.addEventListener("pointerdown", (/** @type {PointerEvent} */ e) => this.#point(e));
    this.#svg.addEventListener("pointerleave", () => this.#select(this.#bars.length - 1, false));
    this.element = h("div", { class: "chart" }, this.#readout.element, this.#svg,
      h("div", { class: "chart-foot" }, this.#slider, this.#spacer));
    const observer = new ResizeObserver(([entry]) => {
      const width = Math.round(entry?.contentRect.width ?? 0);
      if (width > 0 && width !== this.#width) {
        this.#width = width;
        this.#arrange();
      }
    });
    observer.observe(this.element);
    options.signal?.addEventListener("abort", () => observer.disconnect());
  }

  /** @param {Bar[]} bars oldest first */
  setBars(bars) {
    this.#given = bars;
    this.#arrange();
  }

  /** A value to compare with, such as the previous close. @param {number} value @param {string} text */
  setBaseline(value, text) {
    const baseline = Number.isFinite(value) ? { value, text } : null;
    if (baseline?.value === this.#baseline?.value && baseline?.text === this.#baseline?.text) return;
    this.#baseline = baseline;
    if (this.#bars.length > 0) this.#draw();
  }

  /** Chooses how many bars fit, draws them and goes to the newest. */
  #arrange() {
    const widest = Math.max(6, ...this.#given.map((b) => this.options.write(b.high).length));
    this.#right = Math.round(widest * LABEL.character + LABEL.around);
    this.#spacer.setAttribute("width", String(this.#right));
    const room = Math.max(12, Math.floor((this.#plotRight - MARGIN.left) / CANDLE_WIDTH));
    this.#bars = this.#kind === "candles" ? joined(this.#given, room) : this.#given;
    this.#slider.max = String(Math.max(0, this.#bars.length - 1));
    this.element.dataset.points = String(this.#bars.length);
    this.#slider.disabled = this.#bars.length < 2;
    this.#draw();
    this.#select(this.#bars.length - 1, false);
  }

  /** @param {"candles" | "line"} kind */
  setKind(kind) {
    this.#kind = kind;
    this.#arrange();
  }

  /** Lets the last bar follow the market. @param {number} price */
  follow(price) {
    const last = this.#bars.at(-1);
    if (!last || !Number.isFinite(price) || last.close === price) return;
    for (const bar of new Set([last, this.#given.at(-1) ?? last])) {
      bar.close = price;
      bar.high = Math.max(bar.high, price);
      bar.low = Math.min(bar.low, price);
    }
    this.#draw();
    if (this.#index === this.#bars.length - 1) this.#tell();
  }

  get #height() { return this.options.height ?? 320; }
  get #plotRight() { return this.#width - this.#right; }
  get #plotBottom() { return this.#height - MARGIN.bottom; }
  get #priceBottom() {
    const plot = this.#plotBottom - MARGIN.top;
    return this.options.volume ? MARGIN.top + plot * (1 - VOLUME_SHARE) - 8 : this.#plotBottom;
  }
  get #span() {
    const first = this.#bars[0]?.time.getTime() ?? 0;
    return (this.#bars.at(-1)?.time.getTime() ?? 0) - first;
  }

  /** @param {number} index */
  #x(index) {
    const width = this.#plotRight - MARGIN.left;
    // A line runs from edge to edge; a candle stands in the middle of its share.
    const part = this.#kind === "line" && this.#bars.length > 1
      ? index / (this.#bars.length - 1) : (index + 0.5) / this.#bars.length;
    return MARGIN.left + part * width;
  }

  #range() {
    const isLine = this.#kind === "line";
    let low = Math.min(...this.#bars.map((b) => (isLine ? b.close : b.low)));
    let high = Math.max(...this.#bars.map((b) => (isLine ? b.close : b.high)));
    // A few cents up and down are no mountain range.
    const least = Math.abs(high) * (this.options.leastSpan ?? 0);
    const pad = Math.max((high - low || Math.abs(high) * 0.01 || 1) * 0.06, (least - (high - low)) / 2);
    low -= pad;
    high += pad;
    return { low, high };
  }

  #draw() {
    this.#svg.setAttribute("viewBox", `0 0 ${this.#width} ${this.#height}`);
    this.#svg.setAttribute("width", String(this.#width));
    this.#svg.setAttribute("height", String(this.#height));
    if (this.#bars.length === 0) {
      replace(this.#svg, s("text", {
        x: this.#width / 2, y: this.#height / 2, class: "chart-empty", "text-anchor": "middle",
        text: "No data for this range",
      }));
      return;
    }
    const { low, high } = this.#range();
    const y = (/** @type {number} */ v) =>
      this.#priceBottom - ((v - low) / (high - low)) * (this.#priceBottom - MARGIN.top);
    replace(
      this.#svg,
      this.#axes(low, high, y),
      this.options.volume ? this.#volume() : null,
      this.#comparison(low, high, y),
      this.#kind === "line" ? this.#line(y) : this.#candles(y),
      this.#latest(y),
      this.#cross);
    this.#yOf = y;
    this.#moveCross();
  }

  /** @type {(v: number) => number} */ #yOf = () => 0;

  /** @param {number} low @param {number} high @param {(v: number) => number} y */
  #axes(low, high, y) {
    const group = s("g", { class: "chart-axes" });
    const latest = y(this.#bars.at(-1)?.close ?? Number.NaN);
    for (const value of ticks(low, high, Math.max(2, Math.round(this.#height / 70)))) {
      const at = y(value).toFixed(1);
      group.append(s("line", { x1: MARGIN.left, x2: this.#plotRight, y1: at, y2: at }));
      // The newest value's label stands there.
      if (Math.abs(y(value) - latest) < LABEL.height) continue;
      group.append(
        s("text", {
          x: this.#plotRight + 8, y: at, "dominant-baseline": "middle",
          text: this.options.write(value).replace(/\.00$/, ""),
        }));
    }
    const most = Math.max(2, Math.min(8, Math.floor(this.#width / 100)));
    let free = MARGIN.left;
    for (const { index, text, isMajor } of timeTicks(this.#bars, most)) {
      const half = (text.length * LABEL.character) / 2;
      const at = this.#x(index);
      const x = Math.min(this.#plotRight - half, Math.max(MARGIN.left + half, at));
      if (x - half < free) continue;
      free = x + half + LABEL.apart;
      group.append(
        s("line", { class: "chart-time", x1: at.toFixed(1), x2: at.toFixed(1), y1: MARGIN.top, y2: this.#plotBottom }),
        s("text", {
          class: isMajor ? "chart-major" : null, x: x.toFixed(1), y: this.#height - 8, "text-anchor": "middle", text,
        }));
    }
    return group;
  }

  /** @param {(v: number) => number} y */
  #line(y) {
    const points = this.#bars.map((b, i) => `${this.#x(i).toFixed(1)} ${y(b.close).toFixed(1)}`);
    const first = this.#x(0).toFixed(1);
    const last = this.#x(this.#bars.length - 1).toFixed(1);
    const floor = this.#priceBottom;
    return s("g", {},
      s("linearGradient", { id: this.#gradient, x1: 0, x2: 0, y1: 0, y2: 1 },
        s("stop", { class: "chart-fade-top", offset: "0" }), s("stop", { class: "chart-fade-end", offset: "1" })),
      s("path", { class: "chart-area", fill: `url(#${this.#gradient})`, d: `M${first} ${floor}L${points.join("L")}L${last} ${floor}Z` }),
      s("path", { class: "chart-line", d: `M${points.join("L")}` }));
  }

  /** @param {number} low @param {number} high @param {(v: number) => number} y */
  #comparison(low, high, y) {
    if (!this.#baseline || this.#baseline.value < low || this.#baseline.value > high) return null;
    const at = y(this.#baseline.value);
    // Its words stand at the end where fewer bars are in their way.
    const third = Math.ceil(this.#bars.length / 3);
    const room = (/** @type {Bar[]} */ part) => Math.min(...part.map((b) =>
      Math.max(y(b.high) - at, at - 12 - y(b.low), 0)));
    const isLeft = room(this.#bars.slice(0, third)) >= room(this.#bars.slice(-third));
    return s("g", { class: "chart-baseline" },
      s("line", { x1: MARGIN.left, x2: this.#plotRight, y1: at.toFixed(1), y2: at.toFixed(1) }),
      s("text", {
        x: isLeft ? MARGIN.left + 2 : this.#plotRight - 4, "text-anchor": isLeft ? "start" : "end",
        y: (at < MARGIN.top + 20 ? at + 14 : at - 6).toFixed(1),
        text: this.#width < 420 ? this.#baseline.text : `${this.#baseline.text} ${this.options.write(this.#baseline.value)}`,
      }));
  }

  /** The newest value as a label on the axis. @param {(v: number) => number} y */
  #latest(y) {
    const last = this.#bars.at(-1);
    if (!last) return null;
    const at = y(last.close);
    const way = direction(last.close - (this.#bars[0]?.open ?? last.close));
    return s("g", { class: "chart-latest", "data-direction": way },
      s("line", { x1: MARGIN.left, x2: this.#plotRight, y1: at.toFixed(1), y2: at.toFixed(1) }),
      s("rect", { x: this.#plotRight + 2, y: (at - 9).toFixed(1), width: this.#right - 2, height: 18, rx: 3 }),
      s("text", {
        x: this.#plotRight + 7, y: (at + 0.5).toFixed(1), "dominant-baseline": "middle",
        text: this.options.write(last.close),
      }));
  }

  /** Two paths for all candles: one that rose, one that fell. @param {(v: number) => number} y */
  #candles(y) {
    const half = Math.max(0.75, ((this.#plotRight - MARGIN.left) / this.#bars.length) * 0.34);
    const paths = { up: "", down: "" };
    this.#bars.forEach((bar, i) => {
      const x = this.#x(i);
      const top = y(Math.max(bar.open, bar.close));
      const bottom = Math.max(y(Math.min(bar.open, bar.close)), top + 1);
      const wide = (half * 2).toFixed(1);
      const body = `M${(x - half).toFixed(1)} ${top.toFixed(1)}h${wide}V${bottom.toFixed(1)}h-${wide}Z`;
      const wick = `M${(x - 0.5).toFixed(1)} ${y(bar.high).toFixed(1)}h1V${y(bar.low).toFixed(1)}h-1Z`;
      paths[bar.close >= bar.open ? "up" : "down"] += body + wick;
    });
    return s("g", {}, s("path", { class: "candle-up", d: paths.up }), s("path", { class: "candle-down", d: paths.down }));
  }

  #volume() {
    const most = Math.max(1, ...this.#bars.map((b) => b.volume));
    const height = (this.#plotBottom - MARGIN.top) * VOLUME_SHARE;
    const half = Math.max(0.5, ((this.#plotRight - MARGIN.left) / this.#bars.length) * 0.34);
    const paths = { up: "", down: "" };
    this.#bars.forEach((bar, i) => {
      const size = (bar.volume / most) * height;
      const left = Math.max(MARGIN.left, this.#x(i) - half);
      paths[bar.close >= bar.open ? "up" : "down"] +=
        `M${left.toFixed(1)} ${this.#plotBottom}v${(-size).toFixed(1)}h${(half * 2).toFixed(1)}V${this.#plotBottom}Z`;
    });
    return s("g", { class: "chart-volume" },
      s("path", { class: "candle-up", d: paths.up }), s("path", { class: "candle-down", d: paths.down }));
  }

  /** @param {PointerEvent} event */
  #point(event) {
    if (this.#bars.length === 0) return;
    const box = this.#svg.getBoundingClientRect();
    const part = (event.clientX - box.left - MARGIN.left) / (this.#plotRight - MARGIN.left);
    this.#select(this.#kind === "line"
      ? Math.round(part * (this.#bars.length - 1)) : Math.floor(part * this.#bars.length));
  }

  /** @param {number} index @param {boolean} [marked] whether the crosshair shows */
  #select(index, marked = true) {
    this.#index = Math.max(0, Math.min(this.#bars.length - 1, index));
    this.#slider.value = String(this.#index);
    this.#cross.setAttribute("visibility", marked && this.#bars.length > 0 ? "visible" : "hidden");
    this.#moveCross();
    this.#tell();
  }

  #moveCross() {
    const bar = this.#bars[this.#index];
    if (!bar) return;
    const x = this.#x(this.#index);
    const y = this.#yOf(bar.close);
    const when = shortTime(this.#span)(bar.time);
    const half = (when.length * LABEL.character) / 2 + 6;
    const middle = Math.min(this.#plotRight - half, Math.max(MARGIN.left + half, x));
    replace(this.#cross,
      s("line", { x1: x.toFixed(1), x2: x.toFixed(1), y1: MARGIN.top, y2: this.#plotBottom }),
      s("line", { x1: MARGIN.left, x2: this.#plotRight, y1: y.toFixed(1), y2: y.toFixed(1) }),
      this.#kind === "line" ? s("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: 4.5 }) : null,
      ...this.#tag(this.#plotRight + 2, y - 9, this.#right - 2, this.options.write(bar.close)),
      ...this.#tag(middle - half, this.#plotBottom + 4, half * 2, when));
  }

  /** @param {number} x @param {number} y @param {number} width @param {string} text */
  #tag(x, y, width, text) {
    return [
      s("rect", { x: x.toFixed(1), y: y.toFixed(1), width: width.toFixed(1), height: 18, rx: 3 }),
      s("text", {
        x: (x + width / 2).toFixed(1), y: (y + 9.5).toFixed(1), "text-anchor": "middle", "dominant-baseline": "middle", text,
      }),
    ];
  }

  #tell() {
    const bar = this.#bars[this.#index];
    if (!bar) {
      this.#readout.show("", []);
      return;
    }
    const { write, volume } = this.options;
    const when = pointTime(this.#span)(bar.time);
    const parts = partsOf(bar, this.#bars[0]?.close ?? Number.NaN, {
      isLine: this.#kind === "line", hasVolume: volume === true, write,
    });
    this.#readout.show(when, parts);
    this.#slider.setAttribute("aria-valuetext", spoken(when, parts));
  }
}
