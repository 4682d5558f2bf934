/* Saves each field of a form as it is written. The field being typed in is never touched; a chip tells the state, a
   copy of what is not saved yet waits in sessionStorage, and a field somebody else wrote shows both texts. Without this
   file the form is an ordinary one with a button. */
(function () {
  "use strict";
  const form = document.querySelector("form[data-autosave]");
  if (!form) return;
  const words = form.dataset, chip = document.querySelector("[data-save-state]");
  const kept = form.elements.drawn, drawn = JSON.parse(kept.value);
  const store = `autosave:${document.body.dataset.person || ""}:${location.pathname}:`;
  const waiting = new Map();
  let timer = null, running = false, tries = 0, leaving = false;

  const fields = () => document.querySelectorAll("[data-field]");
  const field = (key) => document.querySelector(`[data-field="${CSS.escape(key)}"]`);

  function say(text, bad) {
    if (!chip) return;
    chip.classList.toggle("is-bad", Boolean(bad));
    chip.replaceChildren();
    if (!bad) { chip.textContent = text; return; }
    const again = document.createElement("button");
    again.type = "button";
    again.className = "link";
    again.textContent = text;
    again.addEventListener("click", () => send());
    chip.append(again);
  }

  function note(input, text) {
    let line = input.parentElement.querySelector(".field-note");
    input.toggleAttribute("aria-invalid", Boolean(text));
    if (!text) { if (line) line.remove(); return; }
    if (!line) {
      line = document.createElement("span");
      line.className = "field-note";
      line.setAttribute("role", "alert");
      input.parentElement.append(line);
    }
    line.textContent = text;
    return line;
  }

  function count(input) {
    const left = document.querySelector(`[data-left-of="${CSS.escape(input.dataset.field)}"]`);
    if (!left || !input.dataset.most) return;
    const rest = Number(input.dataset.most) - [...input.value].length;
    left.textContent = String(rest);
    left.classList.toggle("bad", rest < 0);
  }

  function changed(input) {
    const key = input.dataset.field;
    count(input);
    if (input.value === (drawn.fields[key] ?? "")) { waiting.delete(key); sessionStorage.removeItem(store + key); return; }
    waiting.set(key, input.value);
    sessionStorage.setItem(store + key, input.value);
    clearTimeout(timer);
    timer = setTimeout(send, 800);
  }

  function body() {
    const data = new FormData();
    data.set("csrfmiddlewaretoken", form.querySelector("[name=csrfmiddlewaretoken]").value);
    data.set("drawn", JSON.stringify(drawn));
    waiting.forEach((text, key) => data.set(`f.${key}`, text));
    return data;
  }

  async function send() {
    clearTimeout(timer);
    if (running || !waiting.size || leaving) return;
    running = true;
    const sent = new Map(waiting);
    say(words.saving);
    try {
      const answer = await fetch(form.action, { method: "POST", body: body(), credentials: "same-origin", headers: { Accept: "application/json" } });
      if (![200, 409, 422].includes(answer.status) || !answer.headers.get("Content-Type").includes("json")) throw new Error(String(answer.status));
      took(await answer.json(), sent);
      tries = 0;
    } catch {
      tries += 1;
      say(words.unsaved, true);
      timer = setTimeout(send, Math.min(60, 5 * tries) * 1000);
    }
    running = false;
    if (waiting.size && !tries) timer = setTimeout(send, 800);
  }

  function took(told, sent) {
    Object.assign(drawn.versions, told.versions);
    const open = new Set([...told.conflicts.map((one) => one.field), ...Object.keys(told.refused)]);
    sent.forEach((text, key) => {
      const input = field(key);
      if (open.has(key) || !input) return;
      drawn.fields[key] = told.shown[key] ?? drawn.fields[key];
      if (waiting.get(key) === text) { waiting.delete(key); sessionStorage.removeItem(store + key); }
      note(input, "");
      if ((input.list || document.activeElement !== input) && told.shown[key] !== undefined) { input.value = told.shown[key]; count(input); }
    });
    Object.entries(told.refused).forEach(([key, text]) => { waiting.delete(key); const input = field(key); if (input) note(input, text); });
    told.conflicts.forEach(conflict);
    if (open.size) say(words.unsaved, true); else say(told.saved ? `${words.saved} ${told.saved}` : "");
    if (told.saved) document.body.dispatchEvent(new Event("saved"));
  }

  function conflict(one) {
    const input = field(one.field);
    waiting.delete(one.field);
    if (!input) return;
    const line = note(input, `${words.conflict} “${one.theirs}”`);
    const choose = (label, value) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn-quiet";
      button.textContent = label;
      button.addEventListener("click", () => {
        drawn.fields[one.field] = one.theirs;
        input.value = value;
        note(input, "");
        changed(input);
        send();
      });
      line.append(" ", button);
    };
    choose(words.yours, one.yours);
    choose(words.theirs, one.theirs);
  }

  /* What a closed tab or a lost network kept back is put into its field again. */
  fields().forEach((input) => {
    const typed = sessionStorage.getItem(store + input.dataset.field);
    if (typed !== null && typed !== input.value) { input.value = typed; changed(input); }
    count(input);
    input.addEventListener("input", () => { if (input.list) count(input); else changed(input); }); // half a name is none
    input.addEventListener("change", () => { changed(input); send(); });
    input.addEventListener("blur", () => send());
  });
  /* A button of the form takes the page's own fields along; they name what they were drawn from. */
  form.addEventListener("submit", () => {
    leaving = true;
    kept.value = JSON.stringify(drawn);
    fields().forEach((input) => sessionStorage.removeItem(store + input.dataset.field));
  });
  /* Any other button waits until what was typed is stored, and is pressed then; where it cannot be, the chip says so. */
  document.addEventListener("submit", async (event) => {
    if (event.target === form || event.target.method !== "post" || !(waiting.size || running)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const button = event.submitter;
    for (let round = 0; round < 100 && (running || waiting.size) && !tries; round += 1) {
      send();
      await new Promise((done) => setTimeout(done, 100));
    }
    if (!waiting.size && !document.querySelector("[data-field][aria-invalid]")) event.target.requestSubmit(button);
  }, true);
  /* Enter in a line of the form presses the button beside it, never the first of the page, which may take a row out. */
  document.addEventListener("keydown", (event) => {
    const input = event.target;
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey || input.tagName !== "INPUT" || input.form !== form) return;
    event.preventDefault();
    const beside = input.matches("[data-field]") ? null : input.closest("fieldset, .map-known, .map-line")?.querySelector("button[type=submit]");
    if (beside) beside.click(); else { if (input.list) changed(input); send(); }
  });
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key !== "Enter" || !event.target.matches("[data-field]")) return;
    event.preventDefault();
    const all = [...fields()];
    const next = all[all.indexOf(event.target) + 1];
    if (next) next.focus();
  });
  window.addEventListener("online", () => send());
  window.addEventListener("beforeunload", (event) => { if (waiting.size && !leaving) event.preventDefault(); });
})();
