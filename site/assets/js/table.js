// @ts-check
// Tables that stay readable on a narrow screen: each cell carries its column's name.

import { h } from "./dom.js";

/**
 * @template T
 * @typedef {{ name: string, cell: (row: T) => string | Node, number?: boolean, tone?: (row: T) => string }} Column
 */

/**
 * @template T
 * @param {string} caption @param {Column<T>[]} columns @param {T[]} rows
 */
export function table(caption, columns, rows) {
  const body = h("tbody");
  const element = h("div", { class: "table-frame" },
    h("table", { class: "table" },
      h("caption", { class: "visually-hidden", text: caption }),
      h("thead", {}, h("tr", {}, columns.map(({ name, number }) =>
        h("th", { scope: "col", class: number ? "num" : null, text: name })))),
      body));
  /** A last row that sums up; an empty cell says nothing. @param {(string | Node | null)[]} cells */
  const foot = (cells) => {
    body.after(h("tfoot", {}, h("tr", {}, cells.map((value, i) => h(i === 0 ? "th" : "td", {
      scope: i === 0 ? "row" : null, "data-name": columns[i]?.name,
      class: columns[i]?.number ? "num" : null,
    }, value)))));
  };
  const add = (/** @type {T[]} */ more) => body.append(...more.map((row) => tableRow(columns, row)));
  add(rows);
  return { element, add, foot, body };
}

/** @template T @param {Column<T>[]} columns @param {T} row */
function tableRow(columns, row) {
  return h("tr", {}, columns.map((column, i) => {
    const value = column.cell(row);
    const tone = { up: "is-up", down: "is-down" }[column.tone?.(row) ?? ""] ?? "";
    return h(i === 0 ? "th" : "td", {
      scope: i === 0 ? "row" : null, "data-name": column.name,
      class: `${column.number ? "num" : ""} ${tone}`.trim() || null,
    }, value);
  }));
}

/**
 * The numbers behind a chart, made when they are asked for.
 * @param {() => HTMLElement} make @param {string} [title]
 */
export function numbersBehind(make, title = "The same numbers as a table") {
  const details = h("details", { class: "numbers" }, h("summary", { text: title }));
  details.addEventListener("toggle", () => {
    details.querySelector(".table-frame")?.remove();
    if (details.open) details.append(make());
  });
  return Object.assign(details, {
    refresh: () => {
      if (!details.open) return;
      details.querySelector(".table-frame")?.remove();
      details.append(make());
    },
  });
}
