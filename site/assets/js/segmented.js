// @ts-check
// A row of toggle buttons of which one is pressed.

import { h } from "./dom.js";

/**
 * @param {string} label
 * @param {string[][]} options value, text and what a reader says instead, when the text is short
 * @param {string} chosen
 * @param {(value: string) => void} onChoose
 */
export function segmented(label, options, chosen, onChoose) {
  const buttons = options.map(([value, text, spoken]) => h("button", {
    type: "button", class: "segment", "aria-pressed": String(value === chosen), data: { value }, text,
    "aria-label": spoken, title: spoken,
  }));
  for (const button of buttons) {
    button.addEventListener("click", () => {
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      onChoose(button.dataset.value);
    });
  }
  return h("div", { class: "segments", role: "group", "aria-label": label }, buttons);
}
