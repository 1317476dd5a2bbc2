"use strict";
// Draws each chart twice: for the screen in its width and colours, and for paper, always light.
(function () {
  const data = JSON.parse(document.getElementById("pack-data").textContent);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const views = new Map();

  function draw(chart, place, key, size, name) {
    const spec = Object.assign({}, chart.spec, size, { config: data.themes[name] });
    const options = { ast: true, renderer: "svg", actions: false, tooltip: false, defaultStyle: false };
    const before = views.get(key);
    return vegaEmbed(place, spec, options).then(function (result) {
      if (before) before.finalize();
      views.set(key, result.view);
    });
  }

  function screen(chart) {
    const place = document.querySelector("#" + chart.id + " .screen");
    const width = Math.max(chart.spec.usermeta.narrowest, place.clientWidth);
    const name = (dark.matches ? "dark" : "light") + (width < 600 ? "-narrow" : "");
    return draw(chart, place, "screen-" + chart.id, { width: width }, name);
  }

  function paper(chart) {
    const place = document.querySelector("#" + chart.id + " .paper");
    // As tall as the page allows, but rows neither far apart nor closer than their texts.
    const own = chart.spec.height;
    const height = own < data.height ? Math.min(data.height, 1.5 * own) : Math.max(data.height, 0.68 * own);
    return draw(chart, place, "paper-" + chart.id, { width: data.width, height: height }, "light");
  }

  async function all() {
    for (const chart of data.charts) await screen(chart);
  }

  async function first() {
    // The tables are open for those without scripts; beside a chart they fold.
    document.querySelectorAll("details.data").forEach(function (part) {
      part.open = false;
    });
    await all();
    for (const chart of data.charts) await paper(chart);
    document.documentElement.dataset.drawn = "yes";
  }

  let timer = 0;
  let last = window.innerWidth;
  window.addEventListener("resize", function () {
    if (window.innerWidth === last) return;
    last = window.innerWidth;
    window.clearTimeout(timer);
    timer = window.setTimeout(all, 200);
  });
  dark.addEventListener("change", all);
  first();
})();
