// Before the first paint: the chosen colours, and room for what the scripts will show, so nothing jumps.
(function () {
  var root = document.documentElement;
  root.dataset.script = "on";
  try {
    var theme = localStorage.getItem("portico.theme");
    if (theme === "dark" || theme === "light") root.dataset.theme = theme;
    if (localStorage.getItem("portico.signedIn")) root.dataset.signedIn = "yes";
  } catch (error) {
    // Storage can be switched off; the system's colours are right then.
  }
})();
