/* Menus, toasts, dialogs, the rail and the theme. Everything works without this file; this makes it quicker. */
(function () {
  "use strict";
  const root = document.documentElement;

  function cookie(name, value) {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${name}=${value}; path=/; max-age=31536000; SameSite=Lax${secure}`;
  }

  function closeMenus(except) {
    document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
      if (menu !== except) menu.open = false;
    });
  }

  function dismiss(toast) {
    toast.remove();
  }

  /* A toast that offers Undo stays until dismissed or ten seconds have passed without hover or focus. */
  function countDown(toast) {
    let timer = null;
    const start = () => { timer = setTimeout(() => dismiss(toast), 10000); };
    const stop = () => clearTimeout(timer);
    toast.addEventListener("mouseenter", stop);
    toast.addEventListener("focusin", stop);
    toast.addEventListener("mouseleave", start);
    toast.addEventListener("focusout", start);
    start();
  }

  function adoptToasts(within) {
    within.querySelectorAll("[data-toast]:not([data-adopted])").forEach((toast) => {
      toast.dataset.adopted = "";
      if (!toast.matches(".is-bad")) countDown(toast);
    });
  }

  function chooseTheme(form, choice) {
    root.dataset.theme = choice;
    document.dispatchEvent(new CustomEvent("spm:theme-chosen"));
    form.querySelectorAll("button[name=theme]").forEach((button) => {
      button.setAttribute("aria-pressed", String(button.value === choice));
    });
    const body = new FormData(form);
    body.set("theme", choice);
    fetch(form.action, { method: "POST", body, credentials: "same-origin" });
  }

  document.addEventListener("click", (event) => {
    closeMenus(event.target.closest("details[data-menu]"));
    const closer = event.target.closest("[data-dismiss]");
    if (closer) {
      const toast = closer.closest("[data-toast]");
      if (toast) dismiss(toast);
      const dialog = closer.closest("dialog");
      if (dialog) { event.preventDefault(); dialog.close(); }
    }
    const opener = event.target.closest("[data-dialog]");
    const target = opener && document.getElementById(opener.dataset.dialog);
    if (target && target.showModal) { event.preventDefault(); target.showModal(); }
    const fold = event.target.closest("[data-rail-fold]");
    if (fold) {
      const narrow = root.dataset.rail !== "narrow";
      root.dataset.rail = narrow ? "narrow" : "wide";
      fold.setAttribute("aria-expanded", String(!narrow));
      cookie("rail", root.dataset.rail);
    }
    const theme = event.target.closest("[data-theme-form] button[name=theme]");
    if (theme) { event.preventDefault(); chooseTheme(theme.form, theme.value); }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.querySelector("details[data-menu][open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });

  /* A select or checkbox that filters submits its form by itself; without scripts the button beside it does. */
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit-on-change]")) event.target.form.requestSubmit();
  });

  document.addEventListener("htmx:afterSwap", (event) => adoptToasts(event.target));
  /* A 409 or 422 carries a page fragment that the user must see, and a busy database (503) a toast. */
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    if ([409, 422].includes(xhr.status) || (xhr.status === 503 && xhr.getResponseHeader("HX-Retarget"))) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });
  adoptToasts(document);
  document.querySelectorAll("[data-autofocus-dialog]").forEach((dialog) => dialog.showModal());
})();
