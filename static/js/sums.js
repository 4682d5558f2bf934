/* The company plan while it is typed: quarter sums, growth, margin % and whether the months are the year. What is stored
   the server works out again; without this file the page shows what is stored. */
(function () {
  "use strict";
  const table = document.querySelector("[data-sums]");
  if (!table) return;
  const language = document.documentElement.lang || "en";
  const decimal = new Intl.NumberFormat(language).formatToParts(1.5).find((part) => part.type === "decimal").value;
  const amounts = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
  const ratios = new Intl.NumberFormat(language, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const growths = new Intl.NumberFormat(language, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1, signDisplay: "exceptZero" });
  const POWERS = { k: 1e3, m: 1e6, mio: 1e6, bn: 1e9, md: 1e9, mrd: 1e9 };

  /* The amount of a text as the server reads it; NaN where this is not sure. */
  function read(text) {
    const found = /^(-?)([\d.,']+)(k|mio|mrd|md|m|bn)?€?$/i.exec(text.replace(/[\s\u00a0\u202f\u2009]/g, "").replace("\u2212", "-"));
    if (!found) return NaN;
    const marks = found[2].replace(/[\d']/g, "");
    const last = marks.slice(-1);
    let sign = decimal;
    if (new Set(marks).size === 2) sign = last;
    else if (marks.length > 1) sign = last === "." ? "," : ".";
    else if (last && found[2].split(last)[1].length !== 3) sign = last;
    const digits = found[2].split(sign).map((part) => part.replace(/[.,']/g, ""));
    return digits.length > 2 ? NaN : Number((found[1] || "") + digits.join(".")) * (POWERS[(found[3] || "").toLowerCase()] || 1);
  }

  function value(cell, stored) {
    const input = cell.querySelector("input");
    const text = input ? input.value.trim() || input.placeholder : "";
    if (input) return text ? read(text) : null;
    return stored === "" ? null : Number(stored);
  }

  function sum(numbers) {
    const known = numbers.filter((one) => one !== null);
    return known.length ? known.reduce((a, b) => a + b, 0) : null;
  }

  function shown(format, number) {
    return number === null || Number.isNaN(number) ? "—" : format.format(number).replace("-", "\u2212");
  }

  /* The sheet of a row: its year, and column by column what stands there. */
  function row(line) {
    const cells = Array.from(line.cells).slice(4, -1);
    const columns = cells.map((cell) => (cell.dataset.sum === undefined ? value(cell, cell.dataset.value) : null));
    cells.forEach((cell, i) => {
      if (cell.dataset.sum === undefined) return;
      columns[i] = sum(cells.flatMap((one, j) => (one.dataset.quarter === cell.dataset.sum ? [columns[j]] : [])));
      cell.firstChild.textContent = shown(amounts, columns[i]);
    });
    const months = sum(columns.filter((_one, i) => cells[i].dataset.sum === undefined));
    const typed = value(line.cells[2], line.cells[2].dataset.year);
    const touched = cells.some((cell) => cell.querySelector(".is-new"));
    const year = touched ? months : typed;
    const before = Number(line.cells[3].dataset.before);
    line.cells[3].textContent = shown(growths, before > 0 && year !== null ? year / before - 1 : null);
    const check = line.querySelector("[data-check]");
    const differs = touched && Math.abs((months || 0) - (typed || 0)) > 0.004;
    check.textContent = differs ? table.dataset.becomes.replace("{n}", shown(amounts, months)) : "";
    check.className = differs && line.cells[2].querySelector(".is-new") ? "bad" : "";
    return [year, columns];
  }

  function draw() {
    Array.from(table.tBodies).forEach((body) => {
      const found = {};
      body.querySelectorAll("[data-measure]").forEach((line) => { found[line.dataset.measure] = row(line); });
      const rates = body.querySelector("[data-rates]").cells;
      const rate = (margin, revenue) => shown(ratios, margin === null || !revenue ? null : margin / revenue);
      rates[2].textContent = rate(found.margin[0], found.revenue[0]);
      found.margin[1].forEach((margin, i) => { rates[i + 4].textContent = rate(margin, found.revenue[1][i]); });
    });
  }

  table.addEventListener("input", draw);
  table.addEventListener("grid:marked", draw);
  if (table.querySelector(".is-new")) draw();
})();
