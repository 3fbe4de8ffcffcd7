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
  const add = (/** @type {T[]} */ more) => body.append(...more.map((row) => tableRow(columns, row)));
  add(rows);
  return { element, add, body };
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
export function numbersBehind(make, title = "The same as a table") {
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
