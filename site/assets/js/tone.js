// @ts-check
// Amounts that went up or down: the sign says it, the colour repeats it.

import { h } from "./dom.js";
import { direction, signedDollars, signedPercent } from "./format.js";

/** What is less than half a cent has no direction: it is written as zero. @param {number} amount */
export const wayOf = (amount) => direction(Math.abs(amount) < 0.005 ? 0 : amount);

const CLASSES = { up: "is-up", down: "is-down", flat: null };

/** `+$1.20` @param {number} amount @returns {HTMLElement} */
export const money = (amount) => h("span", { class: CLASSES[wayOf(amount)], text: signedDollars(amount) });

/** `+0.80 %`, coloured as the amount that it belongs to. @param {number} value @param {number} amount @returns {HTMLElement} */
export const percent = (value, amount) =>
  h("span", { class: ["part", CLASSES[wayOf(amount)]].filter(Boolean).join(" "), text: `(${signedPercent(value)})` });
