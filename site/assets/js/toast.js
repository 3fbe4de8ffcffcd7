// @ts-check
// Short messages that are read out and vanish after five seconds; problems stay twice as long.

import { byId, h } from "./dom.js";

const STAY_MS = 5000;
const MOST = 4;

/** @param {string} message @param {"done" | "problem"} [kind] @param {Node} [more] */
export function toast(message, kind = "done", more) {
  const area = byId("toasts");
  const close = h("button", {
    type: "button", class: "toast-close", "aria-label": "Dismiss this message", text: "×",
  });
  const item = h("div", { class: "toast", data: { kind } }, h("p", {}, message, more ? " " : null, more), close);
  let timer = 0;
  const wait = () => {
    timer = window.setTimeout(() => item.remove(), kind === "problem" ? STAY_MS * 2 : STAY_MS);
  };
  // Whoever reads or points at a message keeps it.
  item.addEventListener("pointerenter", () => clearTimeout(timer));
  item.addEventListener("pointerleave", wait);
  item.addEventListener("focusin", () => clearTimeout(timer));
  item.addEventListener("focusout", wait);
  close.addEventListener("click", () => item.remove());
  area.append(item);
  while (area.childElementCount > MOST) area.firstElementChild.remove();
  wait();
}
