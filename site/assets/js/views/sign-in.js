// @ts-check
// The door to the desk: the provider's pages where there is one, S4's own form where there is none.

import { h, replace } from "../dom.js";
import { beginSignIn } from "../oauth.js";
import { signInWithPassword, signUp, usesProvider } from "../session.js";
import { button, field, hint, lede, link, panel, problemLine } from "../ui.js";

const LEAST_PASSWORD = 15;

/** @type {import("../app.js").View} */
export async function view({ root, signal }) {
  const hasProvider = await usesProvider();
  if (signal.aborted) return "Sign in";
  replace(
    root,
    h("div", { class: "door" },
      h("div", { class: "door-text" },
        h("h1", { text: "Your practice account" }),
        lede("Sign in to trade with 100,000 dollars of practice cash. No real money, no card, nothing to pay."),
        h("ul", { class: "ticks" },
          h("li", { text: "Market and limit orders in whole shares" }),
          h("li", { text: "A portfolio with average cost and profit, to the cent" }),
          h("li", { text: "Every trade explained, step by step" })),
        h("p", {}, link("/#market", "Look at the prices first"))),
      hasProvider ? providerCard() : formCard()));
  return "Sign in";
}

function providerCard() {
  const problem = problemLine("authProblem");
  const leave = (/** @type {boolean} */ isNew) => async () => {
    try {
      await beginSignIn(window.location.pathname, { isNew });
    } catch (error) {
      problem.textContent = error instanceof Error ? error.message : "The sign-in service cannot be reached.";
    }
  };
  return panel("doorTitle", "Sign in",
    h("p", { text: "You are taken to the sign-in page and come back here afterwards." }),
    h("div", { class: "fields" },
      button("Sign in", { kind: "main wide", id: "signIn", onClick: leave(false) }),
      button("Create an account", { kind: "quiet wide", id: "signUp", onClick: leave(true) })),
    problem);
}

function formCard() {
  const card = h("section", { class: "panel", "aria-labelledby": "doorTitle" });
  const draw = (/** @type {boolean} */ isNew) => replace(card, ...form(isNew, () => draw(!isNew)));
  draw(false);
  return card;
}

/** @param {boolean} isNew @param {() => void} swap */
function form(isNew, swap) {
  const problem = problemLine("authProblem");
  const name = h("input", {
    id: "username", name: "username", autocomplete: "username", required: true, maxlength: 64,
    autocapitalize: "none", spellcheck: "false", "aria-describedby": "authProblem",
  });
  const password = h("input", {
    id: "password", name: "password", type: "password", required: true, maxlength: 256,
    autocomplete: isNew ? "new-password" : "current-password",
    "aria-describedby": isNew ? "passwordHint authProblem" : "authProblem",
  });
  const email = isNew ? h("input", { id: "email", name: "email", type: "email", autocomplete: "email" }) : null;
  const submit = button(isNew ? "Create the account" : "Sign in", { kind: "main wide", type: "submit" });
  const send = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const username = name.value.trim();
    problem.textContent = objection(username, password.value, isNew) ?? "";
    if (problem.textContent) return;
    submit.disabled = true;
    try {
      const address = email?.value ? { email: email.value } : {};
      if (isNew) await signUp({ username, password: password.value, ...address });
      await signInWithPassword(username, password.value);
    } catch (error) {
      problem.textContent = error instanceof Error ? error.message : "That did not work.";
      submit.disabled = false;
    }
  };
  return [
    h("h2", { id: "doorTitle", text: isNew ? "Create an account" : "Sign in" }),
    h("form", { id: isNew ? "signUpForm" : "signInForm", novalidate: true, class: "fields", on: { submit: send } },
      field("User name", name),
      email && field("E-mail, optional", email),
      field("Password", password),
      isNew && hint("At least 15 characters. A short sentence of your own is a good password.", "passwordHint"),
      problem, submit),
    h("p", { class: "panel-foot" }, isNew ? "You have an account? " : "New here? ",
      h("button", {
        type: "button", id: "swapForm", class: "link-button", on: { click: swap },
        text: isNew ? "Sign in" : "Create an account",
      })),
  ];
}

/** @param {string} username @param {string} password @param {boolean} isNew */
function objection(username, password, isNew) {
  if (!username) return "Please enter a user name.";
  if (!password) return "Please enter a password.";
  if (isNew && [...password].length < LEAST_PASSWORD) return "The password needs at least 15 characters.";
  return null;
}
