/* Runs ahead of the style sheets: "auto" becomes light or dark before the first paint, and follows the system.
   And ahead of htmx: where Back is pressed before that listens, the address would change and the page would stay. */
(function () {
  "use strict";
  var root = document.documentElement;
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  function apply() {
    var choice = root.dataset.theme || "auto";
    root.dataset.bsTheme = choice === "auto" ? (dark.matches ? "dark" : "light") : choice;
    document.dispatchEvent(new CustomEvent("spm:theme"));
  }
  dark.addEventListener("change", apply);
  document.addEventListener("spm:theme-chosen", apply);
  apply();
  window.addEventListener("popstate", function () { if (!window.onpopstate) { window.location.reload(); } });
})();
