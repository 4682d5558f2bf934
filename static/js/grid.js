/* A grid of numbers: arrows, Tab, Enter and Esc, fill down, copy and paste of blocks, hold, undo. Without this file it
   is a plain form. The server reads the amounts; here is only guessed whether a small block needs no preview. */
(function () {
  "use strict";
  const form = document.querySelector("[data-grid]");
  if (!form) return;
  const table = form.querySelector(".alloc");
  const rows = Array.from(table.querySelectorAll("tbody tr"), (row) => Array.from(row.cells, (cell) => cell.querySelector("input.cell-input")))
    .filter((cells) => cells.some(Boolean));
  const width = Math.max(0, ...rows.map((cells) => cells.length));
  const columns = Array.from({ length: width }, (_none, i) => i).filter((i) => rows.some((cells) => cells[i]));
  const inputs = rows.flat().filter(Boolean);
  const was = JSON.parse(form.elements.was.value || "{}");
  const counter = form.querySelector("[data-count]");
  const steps = []; // what Ctrl+Z takes back before it asks the server: lists of [input, text before]
  const SMALL = 20;
  let before = "";
  let sending = false;

  function isNew(input) {
    return input.value.trim() !== (was[input.name] || "");
  }

  /* A changed total moves numbers below it: the server shows them first, so the button says so. */
  const saver = form.querySelector("[data-save]");
  const storing = saver && saver.textContent;

  function isTotal(input) {
    return input.closest("tr").classList.contains("team") || (input.dataset.at.endsWith(",0") && Boolean(was[input.name]));
  }

  function tell(count) {
    const stored = document.querySelector("[data-stored]");
    if (stored) stored.hidden = count === 0;
    if (!("totals" in table.dataset) || !saver) return;
    const moves = inputs.some((input) => isNew(input) && isTotal(input));
    form.querySelector("[data-total-note]").hidden = !moves;
    saver.textContent = moves ? saver.dataset.preview : storing;
    saver.name = moves ? "preview" : "";
  }

  function mark() {
    let count = 0;
    inputs.forEach((input) => {
      const differs = isNew(input);
      input.classList.toggle("is-new", differs);
      if (differs) count += 1;
    });
    tell(count);
    counter.textContent = count === 0 ? "" : count === 1 ? counter.dataset.one : counter.dataset.many.replace("{n}", count);
    table.dispatchEvent(new Event("grid:marked"));
    return count;
  }

  function place(input) {
    const top = rows.findIndex((cells) => cells.includes(input));
    return [top, columns.indexOf(rows[top].indexOf(input))];
  }

  function at(top, left) {
    return rows[top] ? rows[top][columns[left]] || null : null;
  }

  function isTeam(top) {
    return rows[top].find(Boolean).closest("tr").classList.contains("team");
  }

  /* The rows a block falls on, from one on: a list of people falls on people alone. */
  function falls(top) {
    return rows.map((_row, i) => i).filter((i) => i >= top && (isTeam(top) || !isTeam(i)));
  }

  function go(input) {
    if (!input) return;
    input.focus();
    input.select();
    input.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /* The next input in a direction, over cells that cannot be changed. */
  function next(input, down, right) {
    let [top, left] = place(input);
    do { top += down; left += right; } while (top >= 0 && top < rows.length && left >= 0 && left < columns.length && !at(top, left));
    return at(top, left);
  }

  function set(changes) {
    const step = changes.filter(([input, text]) => !input.readOnly && input.value !== text).map(([input, text]) => {
      const old = [input, input.value];
      input.value = text;
      return old;
    });
    if (step.length) steps.push(step);
    if (inputs.includes(document.activeElement)) before = document.activeElement.value;
    mark();
  }

  /* Ctrl+D: the number of the first chosen row, into those below; without a choice the one above. */
  function fillDown(input) {
    const above = next(input, -1, 0);
    if (above && isTeam(place(above)[0]) === isTeam(place(input)[0])) set([[input, above.value]]);
  }

  function fillAllDown(input) {
    const changes = [];
    for (let below = next(input, 1, 0); below; below = next(below, 1, 0)) {
      if (below.closest("tr").classList.contains("team")) break;
      changes.push([below, input.value]);
    }
    set(changes);
  }

  function undo() {
    const step = steps.pop();
    if (step) {
      step.forEach(([input, text]) => { input.value = text; });
      mark();
      go(step[0][0]);
      before = step[0][0].value;
    } else if (mark() === 0) {
      const button = document.querySelector("#undo-form button");
      if (button) button.click();
    } else return false;
    return true;
  }

  /* Tab-separated cells with quoted fields, as spreadsheets copy them; empty lines at the end are none. */
  function block(text) {
    const found = [[]];
    const fields = /(?:"((?:[^"]|"")*)"|([^\t\r\n]*))(\t|\r\n|\r|\n|$)/gy;
    for (let part = fields.exec(text); part; part = fields.exec(text)) {
      found[found.length - 1].push((part[1] === undefined ? part[2] : part[1].replace(/""/g, '"')).trim());
      if (part[3] === "" || fields.lastIndex >= text.length) break;
      if (part[3] !== "\t") found.push([]);
    }
    while (found.length && found[found.length - 1].every((cell) => !cell)) found.pop();
    return found;
  }

  function plain(text) {
    return /^\d{1,3}([\s\u00a0\u202f.,]?\d{3})*([.,]\d{1,2})?\s*[kM]?$/.test(text);
  }

  function paste(input, text) {
    const cells = block(text);
    const [top, left] = place(input);
    const lines = falls(top);
    const changes = [];
    let doubtful = false;
    cells.forEach((line, i) => line.forEach((value, j) => {
      if (!value) return;
      const target = i < lines.length ? at(lines[i], left + j) : null;
      if (!target || target.readOnly || !plain(value)) doubtful = true;
      else changes.push([target, value]);
    }));
    if (!doubtful && changes.length <= SMALL) { set(changes); return; }
    form.elements.block.value = text;
    [form.elements.at_row.value, form.elements.at_column.value] = input.dataset.at.split(",");
    form.requestSubmit(form.querySelector("[data-paste]"));
  }

  /* With Shift the chosen block is from here to where the choice began. */
  let corner = null;

  function chosen(input) {
    const [top, left] = place(input);
    const [top2, left2] = corner ? place(corner) : [top, left];
    const found = [];
    for (let i = Math.min(top, top2); i <= Math.max(top, top2); i += 1) {
      const line = [];
      for (let j = Math.min(left, left2); j <= Math.max(left, left2); j += 1) line.push(at(i, j));
      found.push(line);
    }
    return found;
  }

  function choose(input, other) {
    corner = corner || input;
    go(other);
    inputs.forEach((one) => one.classList.remove("is-chosen"));
    chosen(other).flat().forEach((one) => one && one.classList.add("is-chosen"));
  }

  function unchoose() {
    corner = null;
    inputs.forEach((one) => one.classList.remove("is-chosen"));
  }

  /* Hold: one button stands at the cell one is in; of the year it is the button at the end of the row. */
  const holder = form.querySelector("[data-hold]");

  function held(input) {
    return input.closest("td").querySelector('button[name="release"]') || (place(input)[1] === 0 && input.closest("tr").querySelector(".hold"));
  }

  function offer(input) {
    if (!holder) return;
    holder.hidden = !input || Boolean(held(input));
    if (holder.hidden) return;
    holder.value = input.name;
    holder.setAttribute("aria-label", holder.dataset.hold.replace("{cell}", input.getAttribute("aria-label")));
    input.closest("td").append(holder);
  }

  function hold(input) {
    const button = held(input) || holder;
    if (button) button.click();
  }

  const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

  function moves(event, input) {
    const sideways = event.key === "ArrowLeft" || event.key === "ArrowRight";
    if (!sideways || event.shiftKey) return true;
    const all = input.selectionStart === 0 && input.selectionEnd === input.value.length;
    const edge = event.key === "ArrowLeft" ? input.selectionEnd === 0 : input.selectionStart === input.value.length;
    return all || edge; // else the arrow walks through the text
  }

  table.addEventListener("keydown", (event) => {
    const input = event.target;
    if (!inputs.includes(input)) return;
    if (event.altKey) {
      if (event.ctrlKey || event.metaKey || event.code !== "KeyL") return;
      event.preventDefault();
      hold(input);
      return;
    }
    const command = event.ctrlKey || event.metaKey;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    let done = true;
    if (command && key === "z" && !event.shiftKey) {
      done = input.value === before && undo(); // while typing, the browser takes the letters back
    } else if (command && key === "d") {
      const cells = corner ? chosen(input) : [];
      if (cells.length > 1) {
        set(cells.slice(1).flatMap((line) => line.map((one, j) => [one, cells[0][j] && cells[0][j].value])).filter(([one, text]) => one && text !== null));
      } else if (event.shiftKey) fillAllDown(input);
      else fillDown(input);
    } else if (command) done = false;
    else if (MOVES[key] && moves(event, input)) {
      const other = next(input, ...MOVES[key]);
      if (other && event.shiftKey) choose(input, other);
      else if (other) { unchoose(); go(other); }
    } else if (key === "Enter") go(next(input, event.shiftKey ? -1 : 1, 0));
    else if (key === "Escape") { input.value = before; unchoose(); mark(); input.select(); }
    else done = false;
    if (done) event.preventDefault();
  });

  table.addEventListener("focusin", (event) => {
    if (!inputs.includes(event.target)) return;
    before = event.target.value;
    offer(event.target);
  });
  table.addEventListener("focusout", (event) => { if (!table.contains(event.relatedTarget)) offer(null); });
  if (holder) holder.addEventListener("mousedown", (event) => event.preventDefault()); // the cell keeps the focus
  table.addEventListener("mousedown", (event) => {
    const input = event.target;
    if (!inputs.includes(input)) return;
    if (event.shiftKey && inputs.includes(document.activeElement)) { event.preventDefault(); choose(document.activeElement, input); }
    else unchoose();
  });
  table.addEventListener("change", (event) => {
    const input = event.target;
    if (inputs.includes(input) && input.value !== before) { steps.push([[input, before]]); before = input.value; }
    mark();
  });
  table.addEventListener("input", mark);
  table.addEventListener("copy", (event) => {
    if (!corner) return;
    event.clipboardData.setData("text/plain", chosen(event.target).map((line) => line.map((one) => (one ? one.value : "")).join("\t")).join("\n"));
    event.preventDefault();
  });
  table.addEventListener("paste", (event) => {
    const text = event.clipboardData.getData("text/plain");
    if (!inputs.includes(event.target) || !/[\t\n\r]/.test(text.trim())) return;
    event.preventDefault();
    paste(event.target, text);
  });
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !typing && undo()) event.preventDefault();
  });
  form.addEventListener("submit", (event) => {
    sending = true;
    if (event.submitter && /^(cell|release)$/.test(event.submitter.name)) sessionStorage.setItem("grid", event.submitter.value);
  });
  window.addEventListener("beforeunload", (event) => { if (!sending && mark()) event.preventDefault(); });
  mark();
  const left = inputs.find((input) => input.name === sessionStorage.getItem("grid"));
  sessionStorage.removeItem("grid");
  go(left); // back to the cell that was held
})();
