/* Keyboard: g then a letter goes to a page, / and Ctrl+K search, [ ] change the period, e edits, ? shows
   this list.
   Single keys are off where the user said so (data-shortcuts="off"), and while typing. Ctrl+K always works. */
(function () {
  "use strict";
  const singleKeys = document.body.dataset.shortcuts !== "off";
  let waiting = null; // the timer of a pressed g

  function typing(target) {
    return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  }

  function search() {
    const field = document.querySelector("[data-search]");
    if (field && field.offsetParent) { field.focus(); field.select(); return; }
    const link = document.querySelector("[data-search-link]");
    if (link) link.click();
  }

  function follow(selector) {
    const link = document.querySelector(selector);
    if (link) link.click();
  }

  /* Where the page itself is the form, its first field. */
  function edit() {
    if (document.querySelector("[data-edit]")) { follow("[data-edit]"); return; }
    const fields = document.querySelectorAll("main form[method=post] :is(input:not([type=hidden]), textarea, select)");
    const field = [...fields].find((one) => !one.disabled && !one.readOnly && one.checkVisibility());
    if (field) field.focus();
  }

  const actions = {
    "/": search,
    "[": () => follow("[data-period=previous]"),
    "]": () => follow("[data-period=next]"),
    "e": edit,
    "?": () => { const help = document.getElementById("shortcut-help"); if (help && !help.open) help.showModal(); },
  };

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      search();
      return;
    }
    if (!singleKeys || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (waiting) {
      clearTimeout(waiting);
      waiting = null;
      follow(`[data-go="${CSS.escape(event.key.toLowerCase())}"]`);
      return;
    }
    if (event.key === "g") { waiting = setTimeout(() => { waiting = null; }, 1000); return; }
    const action = actions[event.key];
    if (action) { event.preventDefault(); action(); }
  });
})();
