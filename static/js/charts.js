/* Draws every [data-chart] from the JSON script it names. Colours "var:--name" and "var:--name/opacity" are read from
   the style sheet at that moment, so a change of theme only draws again. */
(function () {
  "use strict";

  function colour(reference) {
    const [name, opacity] = reference.slice(4).split("/");
    const hex = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    if (opacity === undefined || !/^#[0-9a-f]{6}$/i.test(hex)) return hex;
    const parts = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
    return `rgba(${parts.join(",")},${opacity})`;
  }

  function resolved(value) {
    if (typeof value === "string") return value.startsWith("var:") ? colour(value) : value;
    if (Array.isArray(value)) return value.map(resolved);
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolved(item)]));
    }
    return value;
  }

  function registerLocales(config) {
    Object.entries(config.locales || {}).forEach(([name, names]) => {
      window.Plotly.register({ moduleType: "locale", name, dictionary: names.dictionary, format: names.format });
    });
  }

  /* On a phone: no number over each of many columns, short marks, every third name, no words at the lines of revisions,
     which the sentence above repeats, and other words inside; of the points that are named the first alone. */
  function narrow(data, layout) {
    if (layout.margin) layout.margin = { ...layout.margin, l: Math.min(layout.margin.l, 36) };
    const columns = data.find((trace) => trace.type === "bar");
    if (columns && columns.x.length > 6) {
      data.forEach((trace) => {
        if (trace.mode === "text") trace.visible = false;
        if (trace.mode === "markers" && trace.marker.size > 10) trace.marker.size = 10;
      });
      layout.xaxis = { ...layout.xaxis, dtick: 3, tickangle: 0 };
    }
    data.forEach((trace) => {
      if (trace.mode === "markers+text") trace.text = trace.text.map((name, index) => (index ? "" : name));
    });
    const [first, last] = (layout.xaxis.range || []).map(Date.parse);
    layout.annotations = (layout.annotations || []).filter((words) => words.name !== "mark");
    layout.annotations.forEach((words) => {
      const early = (Date.parse(words.x) - first) / (last - first) < 0.4;
      if (words.yref === "paper" && words.xref === "x" && words.xanchor === "right" && early) {
        words.xanchor = "left";
        words.xshift = 2;
      }
    });
  }

  function draw(holder) {
    const source = document.getElementById(holder.dataset.chart);
    if (!source || !window.Plotly) return;
    const figure = JSON.parse(source.textContent);
    registerLocales(figure.config);
    const { locales, ...config } = figure.config;
    const layout = resolved(figure.layout);
    const data = resolved(figure.data);
    if (holder.clientWidth < 480) narrow(data, layout);
    window.Plotly.react(holder, data, layout, config);
  }

  function drawAll(within) {
    within.querySelectorAll("[data-chart]").forEach(draw);
  }

  document.addEventListener("spm:theme", () => drawAll(document));
  document.addEventListener("htmx:afterSwap", (event) => drawAll(event.target));
  drawAll(document);
})();
