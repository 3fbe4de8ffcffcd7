// @ts-check
// The desk's recurring pieces, so that its views say what they show and not how it is marked up.

import { h } from "./dom.js";

/** @typedef {import("./dom.js").Child} Child */

/**
 * A framed section with its heading. @param {string} id of the heading @param {string} title
 * @param {...(Child | Child[])} children
 */
export function panel(id, title, ...children) {
  return h("section", { class: "panel", "aria-labelledby": id }, h("h2", { id, text: title }), ...children);
}

/**
 * @param {string} text @param {import("./dom.js").Attributes & { kind?: string, onClick?: () => void }} [options]
 * `kind` is `main`, `quiet`, `quiet small`, `quiet wide` …
 */
export function button(text, { kind = "quiet", onClick, ...attributes } = {}) {
  const classes = kind.split(" ").map((word) => `button-${word}`).join(" ");
  return h("button", {
    type: "button", class: `button ${classes}`, text, on: onClick ? { click: onClick } : {}, ...attributes,
  });
}

/** @param {string} text @param {...Child} more */
export const empty = (text, ...more) => h("p", { class: "empty" }, text, ...more);
/**
 * What stands where something will be, and how it comes there.
 * @param {string} title @param {string} text @param {...Child} more
 */
export const emptyState = (title, text, ...more) => h("div", { class: "empty empty-state" },
  h("p", { class: "empty-title", text: title }), h("p", { text }),
  more.length > 0 ? h("p", { class: "empty-action" }, ...more) : null);
/** @param {string} text @param {string} [id] */
export const hint = (text, id) => h("p", { class: "hint", id, text });
/** @param {string} text */
export const lede = (text) => h("p", { class: "lede", text });
/** @param {string} href @param {string} text @param {string} [label] what a reader says instead */
export const link = (href, text, label) => h("a", { href, text, "aria-label": label });
/** @param {string} symbol */
export const stockLink = (symbol) => link(`/app/stocks/${encodeURIComponent(symbol)}`, symbol);
/** @param {string} id @param {string} text @param {string} [label] */
export const runLink = (id, text, label) =>
  link(`/app/executions/${encodeURIComponent(id)}`, text, label);
/** @param {string} text @param {HTMLElement} control */
export const field = (text, control) => h("label", { class: "field" }, h("span", { text }), control);
/** The place where a form says what is wrong. @param {string} id */
export const problemLine = (id) => h("p", { class: "field-problem", role: "alert", id });
/** @param {string} state the data @param {string} text */
export const stateBadge = (state, text) => h("span", { class: "state", data: { state }, text });

/** What was or will be done: the word says it, the colour repeats it. @param {boolean} isSell @param {string} text */
export const sideWord = (isSell, text) => h("span", { class: "side", data: { side: isSell ? "sell" : "buy" }, text });

/** Names with values. @param {[string, string][]} rows @param {boolean} [areNumbers] */
export function pairs(rows, areNumbers = false) {
  return h("dl", { class: "pairs" }, rows.map(([name, value]) =>
    h("div", {}, h("dt", { text: name }), h("dd", { class: areNumbers ? "num" : null, text: value }))));
}
