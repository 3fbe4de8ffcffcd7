// @ts-check
// The trading desk: session, market and account, and the view that the address names.

import { config } from "/config.js";
import { Account } from "./account.js";
import { followAccount } from "./account-stream.js";
import { ApiError } from "./api.js";
import { byId, h, replace, setText } from "./dom.js";
import { Market } from "./market.js";
import { clearMirror } from "./mirror.js";
import { go, listen, match } from "./router.js";
import { searchBox } from "./search.js";
import { skeleton } from "./skeleton.js";
import { isSignedIn, onSessionChange, restore } from "./session.js";

/**
 * @typedef {object} Context what a view gets
 * @property {Market} market @property {Account} account @property {HTMLElement} root
 * @property {AbortSignal} signal ends when the view is left
 * @property {Record<string, string>} params @property {() => void} reload
 * @typedef {(context: Context) => Promise<string> | string} View renders and answers the page's title
 */

/**
 * Each view is loaded when it is first needed.
 * @type {Record<string, () => Promise<{ view: View }>>}
 */
const VIEWS = {
  dashboard: () => import("./views/dashboard.js"),
  stock: () => import("./views/stock.js"),
  portfolio: () => import("./views/portfolio.js"),
  orders: () => import("./views/orders.js"),
  transactions: () => import("./views/transactions.js"),
  favorites: () => import("./views/favorites.js"),
  execution: () => import("./views/execution.js"),
  profile: () => import("./views/profile.js"),
};
const SKELETON_AFTER_MS = 150;
const signInView = () => import("./views/sign-in.js");

const market = new Market(config.apiBaseURL);
const account = new Account();
// What is held is followed live, whatever the view.
account.subscribe(() => market.want(account.portfolio?.positions.map((p) => p.symbol) ?? []));
const root = byId("view");
let current = new AbortController();
let isFirst = true;

/** @param {URL} url */
async function show(url) {
  current.abort();
  current = new AbortController();
  const { signal } = current;
  const route = match(url);
  if (!route) {
    markNav("");
    showMissing();
    return;
  }
  markNav(route.name);
  root.setAttribute("aria-busy", "true");
  // A quick answer needs no skeleton; a slow one should not leave the old page standing.
  const before = root.firstElementChild;
  const bones = window.setTimeout(() => {
    if (root.firstElementChild === before && isSignedIn()) replace(root, ...skeleton(route.name));
  }, SKELETON_AFTER_MS);
  signal.addEventListener("abort", () => clearTimeout(bones));
  try {
    const { view } = await (isSignedIn() ? VIEWS[route.name] : signInView)();
    if (signal.aborted) return;
    const title = await view({
      market, account, root, signal, params: route.params,
      reload: () => void show(new URL(window.location.href)),
    });
    clearTimeout(bones);
    if (signal.aborted) return;
    document.title = `${title} · Portico`;
    arrive(title);
  } catch (error) {
    clearTimeout(bones);
    if (!signal.aborted) showProblem(error);
  } finally {
    if (!signal.aborted) root.setAttribute("aria-busy", "false");
  }
}

function showMissing() {
  replace(
    root,
    h("h1", { text: "There is no page at this address" }),
    h("p", {}, h("a", { href: "/app/", text: "To the trading desk" })));
  document.title = "Page not found · Portico";
  root.setAttribute("aria-busy", "false");
  arrive(document.title);
}

/** @param {unknown} error */
function showProblem(error) {
  if (error instanceof ApiError && error.status === 401 && !isSignedIn()) return;
  const message = error instanceof ApiError ? error.message : "This page could not be shown.";
  replace(
    root,
    h("h1", { text: "This page is not available" }),
    h("div", { class: "notice notice-problem", role: "alert" },
      h("div", {},
        h("p", { class: "notice-title", text: message }),
        h("p", { text: adviceFor(error) })),
      h("button", {
        type: "button", class: "button button-quiet", text: "Try again",
        on: { click: () => void show(new URL(window.location.href)) },
      })),
    h("p", {}, h("a", { href: "/app/", text: "Back to the desk" })));
  document.title = "Not available · Portico";
  if (!(error instanceof ApiError)) console.warn("The view failed:", error);
}

/** What a person can do about it. @param {unknown} error */
function adviceFor(error) {
  if (!(error instanceof ApiError)) return "Reload the page; if that does not help, tell whoever runs this site.";
  if (error.isUnreachable) return "Check your connection, then try again. Nothing in your account has changed.";
  if (error.status === 404) return "The address may have a typing error, or what it named is gone.";
  return "Wait a moment, then try again. Nothing in your account has changed.";
}

/** A new view begins at its heading, for eyes and for readers. @param {string} title */
function arrive(title) {
  if (isFirst) {
    isFirst = false;
    return;
  }
  const heading = root.querySelector("h1");
  if (heading instanceof HTMLElement && !root.contains(document.activeElement)) {
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }
  window.scrollTo(0, 0);
  setText(byId("announcer"), title);
}

/** @param {string} name */
function markNav(name) {
  const nav = byId("deskNav");
  byId("deskSide").hidden = !isSignedIn();
  // The room that was kept before it was known who is here.
  if (isSignedIn()) document.documentElement.dataset.signedIn = "yes";
  else delete document.documentElement.dataset.signedIn;
  for (const link of nav.querySelectorAll("a")) {
    if (link.dataset.route === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  setText(byId("accountLink"), isSignedIn() ? "My desk" : "Sign in");
}

searchBox(byId("search"), byId("searchBox"), byId("searchList"), (symbol) =>
  go(`/app/stocks/${encodeURIComponent(symbol)}`, (url) => void show(url)));
await restore();
let wasSignedIn = isSignedIn();
onSessionChange(() => {
  if (isSignedIn() === wasSignedIn) return;
  wasSignedIn = isSignedIn();
  account.clear();
  if (!wasSignedIn) clearMirror();
  void show(new URL(window.location.href));
});
listen((url) => void show(url));
market.start();
followAccount(account);
await show(new URL(window.location.href));
