/* Keeps what is typed into one field of a page while another of its buttons is pressed: a comment, a new step, a name.
   It waits in sessionStorage, for this person alone, until the button that takes it is pressed and was not refused.
   Fields that save themselves (autosave.js) are not its business. Without this file the page works as any form does. */
(function () {
  "use strict";
  const store = `typed:${document.body.dataset.person || ""}:`;
  const APART = ["csrfmiddlewaretoken", "drawn", "next", "version"];
  const FIELDS = "main textarea, main select, main input:not([type=hidden], [type=password], [type=file], [type=checkbox], [type=radio])";

  const isTyped = (field) => field.matches(FIELDS) && Boolean(field.name) && !field.matches("[data-field]") && field.form?.method === "post";

  /* One form of a page is told from another by its address and by the hidden fields that say what it is about. */
  function keyOf(field) {
    const about = [...field.form.elements].filter((one) => one.type === "hidden" && !APART.includes(one.name)).map((one) => one.value);
    return store + [field.form.getAttribute("action"), ...about, field.name].join("|");
  }

  function drawn(field) {
    if (field.tagName !== "SELECT") return field.defaultValue;
    const option = [...field.options].find((one) => one.defaultSelected) || field.options[0];
    return option ? option.value : "";
  }

  function keep(field, sent) {
    if (field.value === drawn(field)) sessionStorage.removeItem(keyOf(field));
    else sessionStorage.setItem(keyOf(field), JSON.stringify({ text: field.value, was: drawn(field), sent }));
  }

  /* What a button takes: the fields of its form, or of its own group where many buttons share a form. */
  function taken(form, button) {
    const group = button?.hasAttribute("form") ? button.closest("fieldset, .map-known, .map-line") : form;
    return group ? [...form.elements].filter((field) => isTyped(field) && (group === form || group.contains(field))) : [];
  }

  /* What went with a button is done with, unless this page says that it was refused. */
  function settle() {
    const refused = document.querySelector("[data-toast].is-bad, main [aria-invalid=true]");
    Object.keys(sessionStorage).filter((key) => key.startsWith(store)).forEach((key) => {
      const draft = JSON.parse(sessionStorage.getItem(key));
      if (!draft.sent) return;
      if (refused) sessionStorage.setItem(key, JSON.stringify({ ...draft, sent: false }));
      else sessionStorage.removeItem(key);
    });
  }

  function put(field) {
    const text = sessionStorage.getItem(keyOf(field));
    if (text === null) return;
    const draft = JSON.parse(text);
    if (field.value === draft.text) return;
    if (drawn(field) !== draft.was && drawn(field) !== "") { sessionStorage.removeItem(keyOf(field)); return; }
    field.value = draft.text;
    const folded = field.closest("details:not([open])");
    if (folded) folded.open = true;
  }

  const restore = (within) => within.querySelectorAll(FIELDS).forEach((field) => { if (isTyped(field)) put(field); });

  document.addEventListener("input", (event) => { if (isTyped(event.target)) keep(event.target, false); });
  document.addEventListener("change", (event) => { if (isTyped(event.target)) keep(event.target, false); });
  document.addEventListener("submit", (event) => {
    if (!event.defaultPrevented) taken(event.target, event.submitter).forEach((field) => keep(field, true));
  });
  /* htmx sends a form itself and swaps a part of the page, other forms with it. */
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const form = event.target.closest("form");
    if (form && event.detail.xhr.status < 300) taken(form, null).forEach((field) => sessionStorage.removeItem(keyOf(field)));
  });
  document.addEventListener("htmx:afterSettle", () => restore(document));
  settle();
  restore(document);
})();
