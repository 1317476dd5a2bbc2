// Draws the charts of a page from the data blocks beside them, and of parts that come later.
(function () {
  "use strict";

  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const drawn = new Map();
  const narrow = 560;

  // The look fits the page at this moment; the data block knows nothing of it.
  function look(plot) {
    const block = document.getElementById("chart-themes");
    const themes = block ? JSON.parse(block.textContent) : {};
    const width = plot.clientWidth < narrow ? "narrow" : "wide";
    return themes[(dark.matches ? "dark-" : "light-") + width];
  }

  function options() {
    return {
      ast: true,
      actions: false,
      renderer: "svg",
      defaultStyle: false,
      tooltip: { disableDefaultStyle: true, theme: "custom" },
    };
  }

  function draw(plot) {
    const name = plot.dataset.chart;
    const block = plot.parentElement.querySelector('script[data-spec]');
    if (!block) {
      return;
    }
    const onDark = dark.matches;
    const spec = JSON.parse(block.textContent);
    spec.config = look(plot) || spec.config;
    if (typeof spec.width === "number") {
      spec.width = Math.max(plot.clientWidth - 2, 280);
    }
    window.vegaEmbed(plot, spec, options()).then(
      function (result) {
        const before = drawn.get(plot);
        if (before) {
          before.finalize();
        }
        drawn.set(plot, result);
        plot.classList.toggle("dark", onDark);
        // The plot has its sentence, and the table every number: one voice is enough.
        plot.querySelectorAll("svg").forEach(function (svg) {
          svg.setAttribute("aria-hidden", "true");
        });
        plot.classList.add("drawn");
      },
      function (error) {
        plot.textContent = String(error);
        plot.classList.add("failed");
        console.error(name, error);
      }
    );
  }

  // Those that are seen first are drawn first; the others when they come near.
  const near = new IntersectionObserver(
    function (entries) {
      entries.forEach(function (entry) {
        if (entry.isIntersecting) {
          near.unobserve(entry.target);
          draw(entry.target);
        }
      });
    },
    { rootMargin: "600px" }
  );

  function watch(root) {
    root.querySelectorAll("[data-chart]:not(.watched)").forEach(function (plot) {
      plot.classList.add("watched");
      near.observe(plot);
    });
    drawn.forEach(function (result, plot) {
      if (!plot.isConnected) {
        result.finalize();
        drawn.delete(plot);
      }
    });
  }

  dark.addEventListener("change", function () {
    document.querySelectorAll("[data-chart].drawn").forEach(draw);
  });

  // Paper wants every chart, seen or not.
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("[data-chart]:not(.drawn)").forEach(draw);
  });

  document.addEventListener("htmx:load", function (event) {
    watch(event.target);
  });
  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", function () { watch(document); });
  } else {
    watch(document);
  }
})();
