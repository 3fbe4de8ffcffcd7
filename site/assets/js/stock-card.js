// @ts-check
// One stock as a card: made once, changed in place with each quote.

import { h, replace, setText } from "./dom.js";
import {
  clockTime, compact, direction, directionMark, directionWord, price, signedDollars, signedPercent,
} from "./format.js";
import { Sparkline } from "./sparkline.js";

/** @typedef {import("./quotes.js").Quote} Quote */

export class StockCard {
  #spark = new Sparkline();
  #last = Number.NaN;
  #price = h("p", { class: "stock-price" });
  #change = h("p", { class: "stock-change" });
  #mark = h("span", { "aria-hidden": "true" });
  #word = h("span", { class: "visually-hidden" });
  #amount = h("span");
  #percent = h("span", { class: "stock-percent" });
  #name = h("p", { class: "stock-name" });
  #time = h("time");
  #volume = h("span");
  #source = h("span", { class: "tag", hidden: true });

  /**
   * Takes over a list item, such as a skeleton of the page, or makes one.
   * @param {string} symbol
   * @param {{ element?: HTMLElement | null, corner?: Node, actions?: Node }} [options]
   */
  constructor(symbol, { element, corner, actions } = {}) {
    this.symbol = symbol;
    /** @type {HTMLElement} */
    this.element = element ?? h("li", { class: "stock", data: { symbol, state: "loading" } });
    replace(
      this.#change,
      h("span", { class: "stock-part" }, this.#mark, " ", this.#word, " ", this.#amount),
      " ", this.#percent,
    );
    replace(
      this.element,
      h("div", { class: "stock-head" },
        h("h3", { class: "stock-symbol" }, h("a", { href: `/app/stocks/${symbol}`, text: symbol })),
        corner),
      this.#name,
      h("div", { class: "stock-figures" }, this.#price, this.#change),
      h("div", { class: "stock-spark" }, this.#spark.element),
      h("p", { class: "stock-foot" }, h("span", {}, "Updated ", this.#time), this.#volume, this.#source),
      actions,
    );
  }

  /** Whether the line shows more than it has collected itself. */
  get isSeeded() { return this.#spark.isSeeded; }

  /** Past prices, oldest first. @param {number[]} values */
  seed(values) { this.#spark.seed(values); }

  /** @param {Quote} quote */
  update(quote) {
    const way = direction(quote.changePercent);
    const moved = direction(quote.price - this.#last);
    setText(this.#name, quote.name || this.#name.textContent || quote.symbol);
    setText(this.#price, price(quote.price));
    setText(this.#mark, directionMark(way));
    setText(this.#word, directionWord(way));
    setText(this.#amount, signedDollars(quote.changeAbs));
    setText(this.#percent, signedPercent(quote.changePercent));
    this.#change.dataset.direction = way;
    this.element.dataset.direction = way;
    setText(this.#time, clockTime(quote.asOf));
    this.#time.dateTime = quote.asOf.toISOString();
    setText(this.#volume, Number.isFinite(quote.volume) ? `Volume ${compact(quote.volume)}` : "");
    this.#showSource(quote);
    if (!this.#spark.isSeeded && quote.recent.length > 2) this.#spark.seed(quote.recent);
    if (quote.price !== this.#last) {
      if (Number.isNaN(this.#last) === false) this.#tick(moved);
      this.#spark.add(quote.price);
    }
    this.#last = quote.price;
    this.element.dataset.state = "ready";
    this.element.dataset.stale = String(quote.stale);
  }

  /** @param {Quote} quote */
  #showSource(quote) {
    const built = quote.source === "" || quote.source === "sim" || quote.source === "simulator";
    const text = [quote.stale ? "Old quote" : "", built ? "" : `Source: ${quote.source}`]
      .filter(Boolean).join(" · ");
    setText(this.#source, text);
    this.#source.hidden = text === "";
  }

  /** @param {string} moved */
  #tick(moved) {
    // The attribute is taken away first, so that two moves in one direction are two flashes.
    delete this.element.dataset.tick;
    requestAnimationFrame(() => {
      this.element.dataset.tick = moved;
    });
  }
}

/** One sentence about all stocks for people who listen. @param {Iterable<Quote>} quotes */
export function spokenSummary(quotes) {
  const parts = [...quotes].map((quote) => {
    const way = direction(quote.changePercent);
    const amount = way === "flat" ? "" : ` ${Math.abs(quote.changePercent).toFixed(1)} percent`;
    return `${quote.symbol} ${price(quote.price)}, ${directionWord(way)}${amount}`;
  });
  return `${parts.join("; ")}.`;
}
