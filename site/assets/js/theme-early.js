// Sets the chosen colours before the first paint; without a choice the system's are used.
(function () {
  try {
    var theme = localStorage.getItem("portico.theme");
    if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
  } catch (error) {
    // Storage can be switched off; the system's colours are right then.
  }
})();
