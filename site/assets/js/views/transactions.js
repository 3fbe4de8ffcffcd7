// @ts-check
// What was bought and sold, newest first.

import { h, replace, replaceKeepingFocus } from "../dom.js";
import { count, dateTime, direction, dollars, price, signedDollars } from "../format.js";
import { pagedList } from "../pages.js";
import { table } from "../table.js";
import { emptyState, lede, link, runLink, sideWord, stockLink } from "../ui.js";

const COLUMNS = [
  { name: "Trade", cell: (/** @type {any} */ t) => trade(t) },
  { name: "Time", cell: (/** @type {any} */ t) => dateTime(t.timestamp ?? t.time ?? t.createdAt) },
  { name: "Price", cell: (/** @type {any} */ t) => price(t.price), number: true },
  { name: "Amount", cell: (/** @type {any} */ t) => amount(t), number: true },
  {
    name: "Realised", number: true,
    cell: (/** @type {any} */ t) => (isSell(t) ? signedDollars(t.realisedProfit) : ""),
    tone: (/** @type {any} */ t) => (isSell(t) ? direction(t.realisedProfit) : "flat"),
  },
  { name: "Cash after", cell: (/** @type {any} */ t) => dollars(t.cashAfter), number: true },
  { name: "More", cell: (/** @type {any} */ t) => run(t) },
];

/** @type {import("../app.js").View} */
export async function view({ root, account, signal }) {
  const holder = h("div", { id: "transactions" });
  /** @type {ReturnType<typeof table> | null} */ let made = null;
  const pages = pagedList({
    path: "/transactions?limit=50", member: "transactions", signal,
    onRows: (rows, isWhole) => {
      if (made && !isWhole) made.add(rows);
      else if (rows.length === 0) replace(holder, nothing());
      else replaceKeepingFocus(holder, (made = table("Your trades, newest first", told(rows), rows)).element);
    },
  });
  await pages.load();
  replace(
    root,
    h("h1", { text: "History" }),
    lede("Every trade that was filled, with the price it really got."),
    holder, pages.more);
  account.onChange(() => void pages.refresh().catch(() => null), signal);
  return "History";
}

/** The columns that these rows have something for. @param {any[]} rows */
function told(rows) {
  const has = (/** @type {string} */ member) => rows.some((row) => row[member]);
  return COLUMNS.filter(({ name }) =>
    (name !== "Cash after" || has("cashAfter")) && (name !== "Realised" || has("realisedProfit"))
    && (name !== "More" || has("executionId")));
}

const nothing = () => emptyState("No trades yet",
  "Every purchase and sale that was filled is listed here, with the price it really got and the cash after it.",
  link("/app/", "Make the first one on the desk"));

/** @param {any} t */
const isSell = (t) => (t.side ?? t.type) === "sell";

/** @param {any} t */
function trade(t) {
  return h("span", {}, sideWord(isSell(t), isSell(t) ? "Sold" : "Bought"), ` ${count(t.quantity)} `, stockLink(t.symbol));
}

/** @param {any} t */
function amount(t) {
  const text = dollars(t.total ?? t.total_received ?? t.total_cost ?? t.amount);
  return text === "–" ? text : `${isSell(t) ? "+" : "−"}${text}`;
}

/** @param {any} t */
function run(t) {
  const id = t.executionId ?? t.execution_id;
  return id ? runLink(id, "See the run", `See the run of the trade in ${t.symbol}`) : "";
}
