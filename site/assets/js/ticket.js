// @ts-check
// The trade ticket of a stock's page: market or limit, with a preview before anything is sent.

import { api, ApiError } from "./api.js";
import { h, replace, setText } from "./dom.js";
import { count, dollars, number, price, shares, shortDateTime } from "./format.js";
import { place } from "./trade-actions.js";
import { button, field, pairs, panel, problemLine } from "./ui.js";
import { valueAt } from "./valuation.js";

/** @param {import("./app.js").Context} context @param {string} symbol */
export function ticket(context, symbol) {
  const { account, market, signal } = context;
  const problem = problemLine("ticketProblem");
  const preview = h("div", { class: "preview", id: "ticketPreview", "aria-live": "polite" });
  const held = h("p", { class: "hint", id: "ticketHeld" });
  const quantity = h("input", {
    id: "ticketQuantity", name: "quantity", type: "number", min: 1, max: 1000000, step: 1, value: 1,
    inputmode: "numeric", "aria-describedby": "ticketHeld ticketEstimate ticketProblem",
  });
  const limit = h("input", {
    id: "ticketLimit", name: "limit", inputmode: "decimal", autocomplete: "off",
    "aria-describedby": "ticketProblem",
  });
  const limitField = field("Limit price in dollars", limit);
  limitField.hidden = true;
  const confirm = button("Place the order", { kind: "main wide", hidden: true });
  const review = button("Preview", { kind: "main wide", type: "submit" });
  const estimate = h("p", { class: "hint", id: "ticketEstimate" });
  const closed = h("p", { class: "hint", id: "ticketClosed", hidden: true });
  const amounts = h("div", { class: "amounts", role: "group", "aria-label": "Set the number of shares" },
    ["1", "5", "10", "Max"].map((text) => h("button", {
      type: "button", class: "segment", text, on: { click: () => fill(text) },
      "aria-label": text === "Max" ? "As many as possible" : shares(Number(text)),
    })));
  const form = h("form", { id: "ticketForm", class: "fields", novalidate: true },
    choice("side", "Side", [["buy", "Buy"], ["sell", "Sell"]]),
    choice("type", "Order", [["market", "Market"], ["limit", "Limit"]]),
    h("div", { class: "field-group" }, field("Shares", quantity), amounts), limitField,
    h("div", {}, held, estimate, closed), problem, review, preview, confirm);

  const read = () => {
    const data = new FormData(form);
    const type = /** @type {"market" | "limit"} */ (data.get("type"));
    return {
      side: /** @type {"buy" | "sell"} */ (data.get("side")), symbol, type,
      quantity: quantity.value.trim() === "" ? Number.NaN : Number(quantity.value),
      ...(type === "limit" ? { limitPrice: limit.value.trim().replace(",", ".") } : {}),
    };
  };
  /** The price that one share would cost. */
  const each = () => (read().type === "limit" ? number(limit.value.trim().replace(",", ".")) : market.quotes.get(symbol)?.price ?? Number.NaN);
  const most = () => {
    if (read().side === "sell") return account.held(symbol);
    return Math.max(0, Math.floor((account.portfolio?.available ?? Number.NaN) / each())) || 0;
  };
  const fill = (/** @type {string} */ text) => {
    quantity.value = text === "Max" ? String(Math.max(1, Math.min(most(), 1_000_000))) : text;
    form.dispatchEvent(new Event("input"));
  };
  const tell = () => {
    const { side, quantity: wanted } = read();
    const total = valueAt(each(), wanted);
    const isKnown = Number.isSafeInteger(wanted) && wanted > 0 && Number.isFinite(total);
    setText(estimate, isKnown ? `${side === "buy" ? "Costs" : "Brings"} about ${dollars(total)}` : " ");
    const enough = side === "buy" && most() > 0 ? ` · cash for ${count(most())}` : "";
    setText(held, `You hold ${shares(account.held(symbol))}${enough}`);
  };
  const clear = () => {
    replace(preview);
    confirm.hidden = true;
    review.className = review.className.replace("button-quiet", "button-main");
    setText(problem, "");
    limitField.hidden = read().type !== "limit";
    form.dataset.side = read().side;
    tell();
  };
  form.addEventListener("input", clear);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clear();
    const wanted = read();
    const objection = account.objection(wanted);
    if (objection) return setText(problem, objection);
    replace(preview, h("p", { class: "hint", text: "Calculating" }));
    try {
      const answer = await api("/orders/preview", { method: "POST", signal, body: previewBody(wanted) });
      showPreview(preview, wanted, answer);
      // A market order without a total is one that would be refused.
      confirm.hidden = answer?.allowed === false || (wanted.type === "market" && totalOf(answer) === undefined);
      if (!confirm.hidden) review.className = review.className.replace("button-main", "button-quiet");
      setText(confirm, `${wanted.side === "buy" ? "Buy" : "Sell"} ${shares(wanted.quantity)} of ${symbol}`);
    } catch (error) {
      replace(preview);
      if (error instanceof ApiError) setText(problem, error.message);
      else if (!signal.aborted) throw error;
    }
  });
  confirm.addEventListener("click", async () => {
    confirm.disabled = true;
    const refused = await place(context, read()).catch(() => "The order could not be sent.");
    confirm.disabled = false;
    clear();
    setText(problem, refused ?? "");
    (refused ? quantity : review).focus();
  });
  account.subscribe(tell, signal);
  market.subscribe({
    onQuotes: (quotes) => { if (quotes.some((q) => q.symbol === symbol)) tell(); },
    onHours: ({ isOpen, opens }) => {
      closed.hidden = isOpen;
      setText(closed, `The market is closed until ${shortDateTime(opens)}; a limit order waits until then`);
    },
  }, signal);
  form.dataset.side = "buy";
  tell();
  const made = panel("ticketTitle", "Trade", form);
  made.classList.add("ticket");
  return made;
}

/** @param {import("./account.js").Ticket} wanted */
function previewBody(wanted) {
  const { side, symbol, quantity, type, limitPrice } = wanted;
  return { side, symbol, quantity, type, ...(type === "limit" ? { limit_price: limitPrice } : {}) };
}

/** @param {HTMLElement} area @param {import("./account.js").Ticket} wanted @param {any} answer */
function showPreview(area, wanted, answer) {
  const isLimit = wanted.type === "limit";
  const total = totalOf(answer) ?? (isLimit ? valueAt(number(wanted.limitPrice), wanted.quantity) : undefined);
  /** @type {[string, string][]} */
  const rows = [
    ["Price now", price(answer?.price)],
    ...(isLimit ? [/** @type {[string, string]} */ (["Your limit", price(wanted.limitPrice)])] : []),
    [wanted.side === "buy" ? "Estimated cost" : "Estimated proceeds", dollars(total)],
    ["Cash afterwards", dollars(answer?.cashAfter ?? answer?.cash_after)],
  ];
  const warnings = Array.isArray(answer?.warnings) ? answer.warnings : [];
  replace(area,
    pairs(rows, true),
    warnings.map((/** @type {any} */ w) => h("p", { class: "notice", text: String(w?.message ?? w) })));
}

/** @param {any} answer */
const totalOf = (answer) => answer?.total ?? answer?.cost ?? answer?.total_cost;

/**
 * Radio buttons in a row.
 * @param {string} name @param {string} legend @param {string[][]} options
 */
function choice(name, legend, options) {
  return h("fieldset", { class: "choice" }, h("legend", { text: legend }),
    options.map(([value, text], i) => h("label", {},
      h("input", { type: "radio", name, value, checked: i === 0 }), h("span", { text }))));
}
