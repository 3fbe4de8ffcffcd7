// @ts-check
// Elements from plain values: text is always text, so nothing that an API answers becomes markup.

const SVG = "http://www.w3.org/2000/svg";

/**
 * @typedef {string | number | Node | null | undefined | false} Child
 * @typedef {Record<string, any>} Attributes
 */

/**
 * Makes an element. `class`, `text`, `data` (dataset) and `on` (listeners) are special; `true`
 * makes an empty attribute, `false`, `null` and `undefined` leave it out.
 * @param {string} name @param {Attributes} [attributes] @param {...(Child | Child[])} children
 * @returns {any}
 */
export function h(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/**
 * The same in SVG's namespace.
 * @param {string} name @param {Attributes} [attributes] @param {...(Child | Child[])} children
 * @returns {any}
 */
export function s(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

/** @param {any} node @param {Attributes} attributes @param {(Child | Child[])[]} children */
function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name === "text") node.textContent = String(value);
    else if (name === "data") Object.assign(node.dataset, value);
    else if (name === "on") {
      for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    } else node.setAttribute(name, value === true ? "" : String(value));
  }
  append(node, children);
  return node;
}

/** @param {Node} node @param {(Child | Child[])[]} children */
function append(node, children) {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    node.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** Replaces what is in a node. @param {Element} node @param {...(Child | Child[])} children */
export function replace(node, ...children) {
  node.replaceChildren();
  append(node, children);
  return node;
}

/**
 * The same where somebody may be at work: what had the focus has it again if it is still there.
 * @param {Element} node @param {...(Child | Child[])} children
 */
export function replaceKeepingFocus(node, ...children) {
  const nameOf = (/** @type {Element} */ e) => e.getAttribute("aria-label") ?? e.textContent;
  const focused = node.contains(document.activeElement) ? document.activeElement : null;
  replace(node, ...children);
  if (!focused) return;
  const name = nameOf(focused);
  const same = [...node.querySelectorAll(focused.tagName)].find((e) => nameOf(e) === name);
  if (same instanceof HTMLElement) same.focus({ preventScroll: true });
}

/** Sets a text only when it differs, so that readers and animations are not disturbed. */
export function setText(/** @type {Element} */ node, /** @type {string} */ text) {
  if (node.textContent !== text) node.textContent = text;
}

/** @param {string} id @returns {any} */
export function byId(id) {
  return document.getElementById(id);
}
