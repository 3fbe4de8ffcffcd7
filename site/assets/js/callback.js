// @ts-check
// The last step of signing in: takes the code out of the address at once, then exchanges it.

import { byId, setText } from "./dom.js";
import { completeSignIn } from "./oauth.js";
import { adopt } from "./session.js";

const url = new URL(window.location.href);
window.history.replaceState(null, "", url.pathname);

try {
  const { tokens, claims, returnTo } = await completeSignIn(url);
  adopt(tokens, claims);
  window.location.replace(returnTo);
} catch (error) {
  setText(byId("callbackTitle"), "You are not signed in");
  setText(byId("callbackText"), error instanceof Error ? error.message : "The sign-in was not completed.");
  byId("callbackActions").hidden = false;
}
