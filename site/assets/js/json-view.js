// @ts-check
// JSON as a person reads it: names, texts and numbers told apart, and what is new marked.

import { h } from "./dom.js";

/**
 * @param {string} title @param {unknown} value @param {Set<string>} [fresh] members that were not there before
 */
export function jsonBlock(title, value, fresh = new Set()) {
  if (value === undefined || value === null) return null;
  return h("div", { class: "data" },
    h("h3", {}, title, fresh.size > 0 ? h("span", { class: "data-new", text: `new: ${[...fresh].join(", ")}` }) : null),
    h("pre", { tabindex: "0", role: "group", "aria-label": title },
      typeof value === "string" ? value : written(value, "", fresh)));
}

/**
 * Members of an object that another has not, or has otherwise.
 * @param {unknown} before @param {unknown} after @returns {Set<string>}
 */
export function added(before, after) {
  if (!isObject(before) || !isObject(after)) return new Set();
  return new Set(Object.keys(after).filter((key) => JSON.stringify(after[key]) !== JSON.stringify(before[key])));
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * @param {unknown} value @param {string} indent @param {Set<string>} fresh of the outermost object
 * @returns {Node}
 */
function written(value, indent, fresh = new Set()) {
  const deeper = `${indent}  `;
  if (Array.isArray(value) && value.length > 0) {
    return joined("[", "]", indent, value.map((item) => [deeper, written(item, deeper)]));
  }
  if (isObject(value) && Object.keys(value).length > 0) {
    return joined("{", "}", indent, Object.entries(value).map(([name, item]) => {
      const line = h(fresh.has(name) ? "mark" : "span", {},
        h("span", { class: "json-name", text: JSON.stringify(name) }), ": ", written(item, deeper));
      return [deeper, line];
    }));
  }
  const kind = typeof value === "string" ? "text" : typeof value === "number" ? "number" : "word";
  return h("span", { class: `json-${kind}`, text: JSON.stringify(value) });
}

/** @param {string} open @param {string} close @param {string} indent @param {[string, Node][]} lines */
function joined(open, close, indent, lines) {
  const all = document.createDocumentFragment();
  all.append(`${open}\n`);
  lines.forEach(([space, line], i) => all.append(space, line, i < lines.length - 1 ? ",\n" : "\n"));
  all.append(indent + close);
  return all;
}
