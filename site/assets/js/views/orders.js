// @ts-check
// Orders: those that wait, which can be cancelled, and those that are done.

import { api, ApiError } from "../api.js";
import { h, replace, replaceKeepingFocus } from "../dom.js";
import { count, dateTime, price } from "../format.js";
import { pagedList } from "../pages.js";
import { table } from "../table.js";
import { toast } from "../toast.js";
import { button, emptyState, lede, link, runLink, sideWord, stateBadge, stockLink } from "../ui.js";

const OPEN = new Set(["new", "accepted", "partially_filled"]);
const WORDS = {
  new: "New", accepted: "Open", partially_filled: "Partly filled", filled: "Filled", canceled: "Cancelled",
  expired: "Expired", rejected: "Refused",
};

/** @type {import("../app.js").View} */
export async function view(context) {
  const { root, account, signal } = context;
  const holder = h("div", { id: "orders" });
  /** @type {ReturnType<typeof table> | null} */ let made = null;
  const pages = pagedList({
    path: "/orders?limit=50", member: "orders", signal,
    onRows: (rows, isWhole) => {
      if (made && !isWhole) made.add(rows);
      else if (rows.length === 0) replace(holder, nothing());
      else replaceKeepingFocus(holder, (made = table("Your orders, newest first", columns(context), rows)).element);
    },
  });
  await pages.load();
  replace(
    root,
    h("h1", { text: "Orders" }),
    lede("A limit order waits here until the market reaches its price, or until you cancel it."),
    holder, pages.more);
  account.onChange(() => void pages.refresh().catch(() => null), signal);
  return "Orders";
}

/** @param {import("../app.js").Context} context */
function columns(context) {
  return [
    { name: "Order", cell: what },
    { name: "Placed", cell: (/** @type {any} */ o) => dateTime(o.created_at ?? o.createdAt) },
    { name: "Type", cell: (/** @type {any} */ o) => (o.type === "limit" ? `Limit ${price(o.limit_price)}` : "Market") },
    { name: "Filled at", cell: (/** @type {any} */ o) => price(o.filled_avg_price), number: true },
    { name: "State", cell: (/** @type {any} */ o) => state(o) },
    { name: "More", cell: (/** @type {any} */ o) => actions(context, o) },
  ];
}

const nothing = () => emptyState("No orders yet",
  "Each order is listed here: what it was for, what became of it, and the steps that it took.",
  link("/app/", "Trade on the desk"));

/** @param {any} order */
function what(order) {
  const isSell = order.side === "sell";
  return h("span", {}, sideWord(isSell, isSell ? "Sell" : "Buy"), ` ${count(order.quantity)} `, stockLink(String(order.symbol)));
}

/** @param {any} order */
function state(order) {
  const word = WORDS[/** @type {keyof typeof WORDS} */ (order.status)] ?? String(order.status);
  const reason = order.reason ? `: ${String(order.reason).replaceAll("_", " ")}` : "";
  return stateBadge(order.status, word + reason);
}

/** @param {import("../app.js").Context} context @param {any} order */
function actions({ account, reload }, order) {
  const id = order.execution_id ?? order.executionId;
  const run = id ? runLink(id, "See the run", `See the run of the order for ${order.symbol}`) : null;
  if (!OPEN.has(order.status)) return run ?? "";
  const cancel = button("Cancel", {
    kind: "quiet small", "aria-label": `Cancel the order for ${order.quantity} ${order.symbol}`,
  });
  cancel.addEventListener("click", async () => {
    cancel.disabled = true;
    try {
      await api(`/orders/${encodeURIComponent(order.id)}`, { method: "DELETE" });
      toast("The order was cancelled.");
      await account.load().catch(() => null);
      reload();
    } catch (error) {
      cancel.disabled = false;
      toast(error instanceof ApiError ? error.message : "The order was not cancelled.", "problem");
    }
  });
  return h("span", { class: "row-actions" }, cancel, run);
}
