// Small behaviours of every page; nothing here is needed to read one.
(function () {
  "use strict";

  document.documentElement.classList.add("js");

  document.addEventListener("click", function (event) {
    if (event.target.closest("[data-print]")) {
      window.print();
    }
  });

  // What was wrong with the last thing done is gone with the next, and is seen where it comes.
  const done = ["click", "submit", "change", "workshop:changed"];
  const messages = document.getElementById("messages");
  document.addEventListener("htmx:beforeRequest", function (event) {
    const cause = event.detail.requestConfig.triggeringEvent;
    if (cause && done.includes(cause.type)) {
      messages.replaceChildren();
    }
  });
  document.addEventListener("htmx:afterSettle", function (event) {
    if (event.target === messages && messages.firstElementChild) {
      messages.focus();
    }
  });

  // Tables of data are printed too.
  let opened = [];
  window.addEventListener("beforeprint", function () {
    opened = Array.from(document.querySelectorAll("details[data-print-open]:not([open])"));
    opened.forEach(function (details) { details.open = true; });
  });
  window.addEventListener("afterprint", function () {
    opened.forEach(function (details) { details.open = false; });
  });
})();
