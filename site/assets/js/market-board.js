// @ts-check
// A list of live stock cards with its status line, its error state and its announcements.

import { clockTime, shortDateTime } from "./format.js";
import { setText } from "./dom.js";
import { StockCard, spokenSummary } from "./stock-card.js";

/** @typedef {import("./quotes.js").Quote} Quote */

const SUMMARY_AFTER_MS = 800;
const WORDS = {
  connecting: "Fetching prices", live: "Live", polling: "Every 30 seconds", away: "No connection",
};

export class MarketBoard {
  /** @type {Map<string, StockCard>} */ #cards = new Map();
  /** @type {Map<string, { item: HTMLElement, name: string }>} */ #skeletons = new Map();
  #announced = false;
  #wasAway = false;

  /**
   * @param {object} options
   * @param {import("./market.js").Market} options.market
   * @param {HTMLElement} options.list @param {HTMLElement} options.status @param {HTMLElement} options.away
   * @param {HTMLElement} options.awayText @param {HTMLElement} options.retry @param {HTMLElement} options.summary
   * @param {(symbol: string) => { corner?: Node, actions?: Node }} [options.extras]
   * @param {string[]} [options.symbols] only these; otherwise all of the first answer
   * @param {AbortSignal} [options.signal]
   */
  constructor(options) {
    this.options = options;
    for (const element of options.list.querySelectorAll("li[data-symbol]")) {
      const item = /** @type {HTMLElement} */ (element);
      const name = item.querySelector(".stock-name")?.textContent ?? "";
      this.#skeletons.set(item.dataset.symbol ?? "", { item, name });
    }
    options.retry.addEventListener("click", () => this.#retry());
    options.market.subscribe(
      {
        onQuotes: (quotes) => this.#show(quotes), onState: (state, reason) => this.#tell(state, reason),
        onHours: () => this.#refreshStatus(),
      },
      options.signal);
  }

  /** @param {string} symbol */
  card(symbol) { return this.#cards.get(symbol); }

  /** @param {Quote[]} quotes */
  #show(quotes) {
    for (const quote of quotes) {
      if (this.options.symbols && !this.options.symbols.includes(quote.symbol)) continue;
      let card = this.#cards.get(quote.symbol);
      // A stream may carry more symbols than the board shows: only the listed ones get cards.
      const wanted = this.options.symbols || this.options.market.listed.has(quote.symbol);
      if (!card && wanted) card = this.#make(quote);
      card?.update(quote);
    }
    this.options.list.setAttribute("aria-busy", "false");
    this.#refreshStatus();
    if (!this.#announced) this.#announce();
  }

  /** @param {Quote} quote */
  #make(quote) {
    const skeleton = this.#skeletons.get(quote.symbol);
    if (skeleton) quote.name ||= skeleton.name;
    const card = new StockCard(quote.symbol, {
      element: skeleton?.item ?? null, ...this.options.extras?.(quote.symbol),
    });
    if (!skeleton) this.options.list.append(card.element);
    this.#cards.set(quote.symbol, card);
    return card;
  }

  #announce() {
    this.#announced = true;
    window.setTimeout(() => {
      const { quotes, listed } = this.options.market;
      const shown = [...quotes.values()].filter((quote) => listed.has(quote.symbol));
      setText(this.options.summary, `Prices loaded. ${spokenSummary(shown)}`);
    }, SUMMARY_AFTER_MS);
  }

  /** @param {import("./quotes.js").FeedState} state @param {string} reason */
  #tell(state, reason) {
    const away = state === "away";
    this.options.status.dataset.state = state;
    this.options.away.hidden = !away;
    if (away) {
      const kept = this.#cards.size > 0 ? "The prices below are the last ones received. " : "";
      setText(this.options.awayText, `${reason} ${kept}It is tried again every 30 seconds.`);
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
    const { quotes, state, hours } = this.options.market;
    if (!text) return;
    const isClosed = hours?.isOpen === false && (state === "live" || state === "polling");
    this.options.status.toggleAttribute("data-closed", isClosed);
    if (isClosed) return setText(text, `Market closed · opens ${shortDateTime(hours?.opens)}`);
    const latest = Math.max(0, ...[...quotes.values()].map((quote) => quote.asOf.getTime()));
    setText(text, `${WORDS[state]}${latest ? ` · ${clockTime(latest)}` : ""}`);
  }

  async #retry() {
    const button = this.options.retry;
    button.setAttribute("aria-disabled", "true");
    const reached = await this.options.market.refresh();
    button.removeAttribute("aria-disabled");
    if (!reached) setText(this.options.summary, "Still no answer from the price service.");
  }
}
