// @ts-check
// S1's buy and sell forms (`buyForm`, `buySymbol`, `buyQuantity`, `sellForm`, …) with an estimate.

import { h, replace, setText } from "./dom.js";
import { count, dollars, price } from "./format.js";
import { place } from "./trade-actions.js";
import { button, field, panel, problemLine } from "./ui.js";
import { valueAt } from "./valuation.js";

/** How many shares the cash is enough for. @param {number | undefined} cash @param {number} at */
function affordable(cash, at) {
  if (cash === undefined || !Number.isFinite(cash) || !(at > 0)) return "";
  return `Your cash is enough for ${count(Math.floor(cash / at))}`;
}

/**
 * @param {import("./app.js").Context} context @param {"buy" | "sell"} side
 * @param {Promise<{ symbol: string, name: string }[]>} symbols
 */
export function tradeForm(context, side, symbols) {
  const { account, market, signal } = context;
  const isBuy = side === "buy";
  const problem = problemLine(`${side}Problem`);
  const select = h("select", { id: `${side}Symbol`, name: "symbol", required: true },
    h("option", { value: "", text: "Choose a stock" }));
  const quantity = h("input", {
    id: `${side}Quantity`, name: "quantity", type: "number", min: 1, max: 1000000, step: 1, required: true,
    inputmode: "numeric", autocomplete: "off", "aria-describedby": `${side}Problem ${side}Estimate`,
  });
  const estimate = h("p", { class: "hint", id: `${side}Estimate` });
  const submit = button(isBuy ? "Buy" : "Sell", { kind: isBuy ? "main" : "quiet", type: "submit" });
  const ticket = () => ({
    side, symbol: select.value, quantity: quantity.value.trim() === "" ? Number.NaN : Number(quantity.value),
  });

  const showEstimate = () => {
    const quote = market.quotes.get(select.value);
    const wanted = ticket().quantity;
    const parts = [];
    if (select.value && !isBuy) parts.push(`You can sell ${count(account.held(select.value))}`);
    if (quote && isBuy) parts.push(affordable(account.portfolio?.available, quote.price));
    if (quote && Number.isSafeInteger(wanted) && wanted > 0) {
      parts.push(`about ${dollars(valueAt(quote.price, wanted))} at ${price(quote.price)}`);
    }
    const text = parts.filter(Boolean).join(" · ") || (isBuy ? "Market order, filled at once" : "Only what you hold can be sold");
    setText(estimate, text.charAt(0).toUpperCase() + text.slice(1));
  };
  const setProblem = (/** @type {string} */ text) => {
    setText(problem, text);
    for (const field of [select, quantity]) field.removeAttribute("aria-invalid");
    if (!text) return;
    const wrong = select.value ? quantity : select;
    wrong.setAttribute("aria-invalid", "true");
    wrong.focus();
  };
  const send = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (submit.disabled) return;
    submit.disabled = true;
    const refused = await place(context, ticket()).catch(() => "The order could not be sent.");
    submit.disabled = false;
    setProblem(refused ?? "");
    if (refused === null) form.reset();
    showEstimate();
  };
  const on = { submit: send, input: showEstimate };
  const form = h("form", { id: `${side}Form`, class: "fields", novalidate: true, on },
    field("Stock", select), field("Shares", quantity), estimate, problem, submit);

  const fillSymbols = (/** @type {{ symbol: string, name: string }[]} */ all) => {
    const chosen = select.value;
    replace(select, h("option", { value: "", text: "Choose a stock" }), all.map(({ symbol, name }) => {
      const held = isBuy ? 0 : account.held(symbol);
      const label = [symbol, name, held > 0 ? `${count(held)} held` : ""].filter(Boolean).join(" · ");
      return h("option", { value: symbol, text: label });
    }));
    select.value = chosen;
  };
  void symbols.then((all) => {
    fillSymbols(all);
    if (!isBuy) account.subscribe(() => fillSymbols(all), signal);
  });
  account.subscribe(showEstimate, signal);
  market.subscribe({ onQuotes: showEstimate }, signal);
  showEstimate();
  return panel(`${side}Title`, isBuy ? "Buy" : "Sell", form);
}
