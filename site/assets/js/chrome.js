// @ts-check
// What every page's frame does: the colour switch and the link to the desk.

import { byId, setText } from "./dom.js";
import { read, write } from "./storage.js";

const dark = window.matchMedia("(prefers-color-scheme: dark)");
const root = document.documentElement;

/** Whether dark colours are shown now. */
function isDark() {
  return root.dataset.theme ? root.dataset.theme === "dark" : dark.matches;
}

const toggle = byId("themeToggle");
if (toggle) {
  const show = () => toggle.setAttribute("aria-pressed", String(isDark()));
  toggle.addEventListener("click", () => {
    const next = isDark() ? "light" : "dark";
    // A choice that equals the system's is no choice: the page follows the system again.
    const follows = (next === "dark") === dark.matches;
    if (follows) delete root.dataset.theme;
    else root.dataset.theme = next;
    write("local", "portico.theme", follows ? null : next);
    show();
  });
  dark.addEventListener("change", show);
  show();
}

const account = byId("accountLink");
if (account && read("local", "portico.signedIn")) setText(account, "My desk");
