/* Offers what the server finds for the text typed, where there are more names than a page holds. Without this file the
   name is typed whole. */
(function () {
  "use strict";
  const list = document.querySelector("datalist[data-offers]");
  if (!list) return;
  const first = [...list.children];
  let timer = null, asked = "";

  async function look(text) {
    asked = text;
    if (!text) { list.replaceChildren(...first); return; }
    try {
      const answer = await fetch(`${list.dataset.offers}?${new URLSearchParams({ q: text })}`, { headers: { Accept: "application/json" } });
      const found = await answer.json();
      if (text !== asked) return;
      list.replaceChildren(...found.accounts.map((one) => Object.assign(document.createElement("option"), { value: one.value, textContent: one.label })));
    } catch {
      /* The names on the page stay. */
    }
  }

  document.addEventListener("input", (event) => {
    if (event.target.list !== list) return;
    clearTimeout(timer);
    timer = setTimeout(() => look(event.target.value.trim()), 200);
  });
})();
