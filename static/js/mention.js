/* Offers the people one can name while "@" and the beginning of a name are typed; without it the name is typed whole. */
(function () {
  "use strict";
  const MOST = 6;
  const typed = (box) => /(?:^|[^\w.])@([\p{L}\p{N}][\p{L}\p{N} .'-]{0,39}|)$/u.exec(box.value.slice(0, box.selectionStart));
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const people = new Map();

  async function known(address) {
    if (!people.has(address)) {
      people.set(address, fetch(address, { headers: { Accept: "application/json" } })
        .then((answer) => (answer.ok ? answer.json() : { people: [] }))
        .then((answer) => answer.people, () => { people.delete(address); return []; }));
    }
    return people.get(address);
  }

  function listOf(box) {
    let list = box.nextElementSibling;
    if (!list || !list.matches(".names")) {
      list = document.createElement("div");
      list.className = "names row-line";
      list.setAttribute("role", "group");
      list.setAttribute("aria-live", "polite");
      list.setAttribute("aria-label", box.dataset.peopleLabel || "@");
      box.after(list);
    }
    return list;
  }

  function take(box, name) {
    const found = typed(box), end = box.selectionStart;
    if (!found) return;
    const start = end - found[1].length;
    box.setRangeText(`${name} `, start, end, "end");
    listOf(box).replaceChildren();
    box.focus();
  }

  async function offer(box) {
    const found = typed(box);
    const names = found ? await known(box.dataset.people) : [];
    const wanted = found ? plain(found[1]) : "";
    const starts = (name) => plain(name).startsWith(wanted) || plain(name).split(" ").some((part) => part.startsWith(wanted));
    const fits = found ? names.filter(starts).slice(0, MOST) : [];
    if (!fits.length && !box.nextElementSibling?.matches(".names")) return;
    listOf(box).replaceChildren(...fits.map((name) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn";
      button.textContent = name;
      button.addEventListener("click", () => take(box, name));
      return button;
    }));
  }

  document.addEventListener("input", (event) => {
    if (event.target.matches?.("textarea[data-people]")) offer(event.target);
  });
  document.addEventListener("keydown", (event) => {
    const list = event.target.matches?.("textarea[data-people]") ? event.target.nextElementSibling : event.target.closest?.(".names");
    if (!list?.matches(".names") || !list.children.length) return;
    if (event.key === "Escape") { list.replaceChildren(); event.target.closest(".names")?.previousElementSibling.focus(); }
    const isPlain = !(event.shiftKey || event.ctrlKey || event.metaKey || event.altKey || event.isComposing);
    if (event.key === "Enter" && isPlain && event.target.matches("textarea") && typed(event.target)?.[1]) {
      event.preventDefault();
      take(event.target, list.firstElementChild.textContent);
    }
    if (event.key === "ArrowDown" && event.target.matches("textarea")) { event.preventDefault(); list.firstElementChild.focus(); }
  });
})();
