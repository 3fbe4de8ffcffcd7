// @ts-check
// A list of live stock cards with its status line, its error state and its announcements.

import { clockTime } from "./format.js";
import { setText } from "./dom.js";
import { QuoteFeed } from "./quotes.js";
import { StockCard, spokenSummary } from "./stock-card.js";

/** @typedef {import("./quotes.js").Quote} Quote */

const SUMMARY_AFTER_MS = 800;

export class MarketBoard {
  /** @type {Map<string, StockCard>} */ #cards = new Map();
  /** @type {Map<string, Quote>} */ quotes = new Map();
  #announced = false;
  #wasAway = false;

  /**
   * @param {object} options
   * @param {HTMLElement} options.list @param {HTMLElement} options.status @param {HTMLElement} options.away
   * @param {HTMLElement} options.awayText @param {HTMLElement} options.retry
   * @param {HTMLElement} options.summary @param {string} options.apiBaseURL
   * @param {(symbol: string) => { corner?: Node, actions?: Node }} [options.extras]
   * @param {(quote: Quote) => void} [options.onQuote]
   */
  constructor(options) {
    this.options = options;
    this.feed = new QuoteFeed({
      apiBaseURL: options.apiBaseURL,
      onQuotes: (quotes) => this.#show(quotes),
      onState: (state, reason) => this.#tell(state, reason),
    });
    options.retry.addEventListener("click", () => this.#retry());
    for (const element of options.list.querySelectorAll("li[data-symbol]")) {
      const item = /** @type {HTMLElement} */ (element);
      const name = item.querySelector(".stock-name")?.textContent ?? "";
      this.#skeletons.set(item.dataset.symbol ?? "", { item, name });
    }
  }

  /** @type {Map<string, { item: HTMLElement, name: string }>} */ #skeletons = new Map();

  start() { this.feed.start(); }

  /** @param {string} symbol */
  card(symbol) { return this.#cards.get(symbol); }

  /** @param {Quote[]} quotes */
  #show(quotes) {
    for (const quote of quotes) {
      this.quotes.set(quote.symbol, quote);
      let card = this.#cards.get(quote.symbol);
      // A stream may carry more symbols than the board shows: only the first answer makes cards.
      if (!card && (quotes.length > 1 || this.#skeletons.has(quote.symbol))) card = this.#make(quote);
      card?.update(quote);
      this.options.onQuote?.(quote);
    }
    this.options.list.setAttribute("aria-busy", "false");
    this.#refreshStatus();
    if (!this.#announced) this.#announce();
  }

  /** @param {Quote} quote */
  #make(quote) {
    const skeleton = this.#skeletons.get(quote.symbol);
    const card = new StockCard(quote.symbol, {
      element: skeleton?.item, ...this.options.extras?.(quote.symbol),
    });
    if (!quote.name && skeleton) quote.name = skeleton.name;
    if (!skeleton) this.options.list.append(card.element);
    this.#cards.set(quote.symbol, card);
    return card;
  }

  #announce() {
    this.#announced = true;
    window.setTimeout(() => {
      setText(this.options.summary, `Prices loaded. ${spokenSummary(this.quotes.values())}`);
    }, SUMMARY_AFTER_MS);
  }

  /** @param {import("./quotes.js").FeedState} state @param {string} reason */
  #tell(state, reason) {
    const away = state === "away";
    this.options.status.dataset.state = state;
    this.options.away.hidden = !away;
    if (away) {
      setText(this.options.awayText,
        `${reason} ${this.quotes.size > 0 ? "The prices below are the last ones received. " : ""}` +
        "It is tried again every 30 seconds.");
      for (const { item } of this.#skeletons.values()) {
        if (item.dataset.state === "loading") item.dataset.state = "away";
      }
      this.options.list.setAttribute("aria-busy", "false");
    } else if (this.#wasAway) {
      setText(this.options.summary, "Prices are available again.");
    }
    this.#wasAway = away;
    this.#refreshStatus();
  }

  #refreshStatus() {
    const text = this.options.status.lastElementChild;
    if (!text) return;
    const latest = Math.max(0, ...[...this.quotes.values()].map((q) => q.asOf.getTime()));
    const at = latest ? ` · ${clockTime(latest)}` : "";
    const words = { connecting: "Fetching prices", live: "Live", polling: "Every 30 seconds", away: "No connection" };
    setText(text, `${words[this.feed?.state ?? "connecting"]}${at}`);
  }

  async #retry() {
    const button = this.options.retry;
    button.setAttribute("aria-disabled", "true");
    const reached = await this.feed.refresh();
    button.removeAttribute("aria-disabled");
    if (!reached) setText(this.options.summary, "Still no answer from the price service.");
  }
}
