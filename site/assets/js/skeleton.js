// @ts-check
// What stands in a view's place until its answer is there: shapes of what will come, hidden from
// readers, who are told by `aria-busy`.

import { h } from "./dom.js";

const TITLES = {
  dashboard: "Trading desk", stock: "Stock", portfolio: "Portfolio", orders: "Orders", transactions: "History",
  favorites: "Favourites", execution: "Run of a trade", profile: "Profile",
};
const ROWS = 5;

/** @param {string} route @returns {HTMLElement[]} */
export function skeleton(route) {
  const title = TITLES[/** @type {keyof typeof TITLES} */ (route)] ?? "Loading";
  return [
    h("h1", { text: title }),
    h("p", { class: "visually-hidden", role: "status", text: "Loading" }),
    ...shapes(route),
  ];
}

/** @param {string} route @returns {HTMLElement[]} */
function shapes(route) {
  switch (route) {
    case "stock": return [twoColumns()];
    case "execution": return [figures(), twoColumns()];
    case "portfolio": return [figures(), h("div", { class: "panel skeleton", "aria-hidden": "true" }, bone("chart")), rows()];
    case "favorites": return [cards()];
    default: return [rows()];
  }
}

function figures() {
  return h("div", { class: "figures", "aria-hidden": "true" },
    Array.from({ length: 4 }, () => h("div", { class: "figure skeleton" }, bone("change"), bone("row"))));
}

/** @param {string} kind */
const bone = (kind) => h("span", { class: `bone bone-${kind}`, "aria-hidden": "true" });

function rows() {
  return h("div", { class: "panel skeleton", "aria-hidden": "true" },
    Array.from({ length: ROWS }, () => bone("row")));
}

function twoColumns() {
  return h("div", { class: "stock-grid", "aria-hidden": "true" },
    h("div", { class: "panel skeleton" }, bone("chart")),
    h("div", { class: "panel skeleton" }, Array.from({ length: 4 }, () => bone("row"))));
}

function cards() {
  return h("div", { class: "cards", "aria-hidden": "true" },
    Array.from({ length: 3 }, () => h("div", { class: "stock" }, bone("price"), bone("change"), bone("spark"))));
}
