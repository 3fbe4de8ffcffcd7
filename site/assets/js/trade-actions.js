// @ts-check
// Sending an order and telling what became of it, for forms and quick buttons alike.

import { ApiError } from "./api.js";
import { h } from "./dom.js";
import { toast } from "./toast.js";
import { runLink as linkToRun } from "./ui.js";

/** @typedef {import("./account.js").Ticket} Ticket @typedef {import("./app.js").Context} Context */

/**
 * @param {Pick<Context, "account" | "market">} context @param {Ticket} ticket
 * @returns {Promise<string | null>} what was wrong, or null when it went through
 */
export async function place({ account, market }, ticket) {
  const objection = account.objection(ticket);
  if (objection) return objection;
  const hint = ticket.hint ?? market.quotes.get(ticket.symbol)?.price;
  try {
    const answer = await account.trade({ ...ticket, hint });
    toast(answer?.message ?? "The order was carried out.", "done", runLink(answer));
    return null;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return error.isUnreachable
      ? "The service cannot be reached. Look at your history before you try again."
      : error.message;
  }
}

/**
 * One click, one share.
 * @param {Pick<Context, "account" | "market">} context @param {"buy" | "sell"} side
 * @param {string} symbol
 */
export async function quick(context, side, symbol) {
  const problem = await place(context, { side, symbol, quantity: 1 });
  if (problem) toast(problem, "problem");
}

/** @param {any} answer */
function runLink(answer) {
  const id = answer?.executionId ?? answer?.execution_id;
  return id ? linkToRun(id, "See the run") : undefined;
}

/**
 * Buttons that trade one share; selling is possible only with a share to sell.
 * @param {Pick<Context, "account" | "market" | "signal">} context @param {string} symbol
 */
export function quickButtons(context, symbol) {
  const button = (/** @type {"buy" | "sell"} */ side, /** @type {string} */ word) => {
    const made = h("button", {
      type: "button", class: `button button-small quick-${side}`, data: { side, symbol },
      "aria-label": `${word} 1 share of ${symbol}`, text: `${word} 1`,
    });
    made.addEventListener("click", async () => {
      if (made.disabled || made.dataset.busy) return;
      made.dataset.busy = "true";
      await quick(context, side, symbol);
      delete made.dataset.busy;
    });
    return made;
  };
  const sell = button("sell", "Sell");
  sell.disabled = true;
  context.account.subscribe(() => {
    sell.disabled = context.account.held(symbol) < 1;
  }, context.signal);
  return h("div", { class: "quick" }, button("buy", "Buy"), sell);
}
