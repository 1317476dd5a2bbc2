// A file may be dropped anywhere on the page that asks for one, and a form is sent once. Without
// this script the file field and the buttons do all.
(function () {
  "use strict";

  document.documentElement.classList.add("js");
  const form = document.querySelector("[data-drop]");

  function carriesFile(event) {
    return Boolean(event.dataTransfer) && Array.from(event.dataTransfer.types).includes("Files");
  }

  if (form) {
    const field = form.querySelector('input[type="file"]');

    // The service refuses what is too large before it looks at it: say so on this page.
    function measure() {
      const file = field.files[0];
      const large = file && file.size > Number(field.dataset.most);
      field.setCustomValidity(large ? field.dataset.large : "");
      if (large) {
        field.reportValidity();
      }
    }
    field.addEventListener("change", measure);

    document.addEventListener("dragover", function (event) {
      if (carriesFile(event)) {
        event.preventDefault();
        form.classList.add("over");
      }
    });
    document.addEventListener("dragleave", function (event) {
      if (!event.relatedTarget) {
        form.classList.remove("over");
      }
    });
    document.addEventListener("drop", function (event) {
      form.classList.remove("over");
      if (!carriesFile(event)) {
        return;
      }
      // Elsewhere the browser would leave the page and show the file.
      event.preventDefault();
      if (event.dataTransfer.files.length) {
        const one = new DataTransfer();
        one.items.add(event.dataTransfer.files[0]);
        field.files = one.files;
        form.querySelector("button").focus();
        measure();
      }
    });
  }

  function set(busy) {
    document.querySelectorAll("[data-drop], [data-once]").forEach(function (sent) {
      const status = sent.querySelector("[data-sending]");
      sent.querySelector("button").disabled = busy;
      if (status) {
        status.textContent = busy ? status.dataset.sending : "";
      }
    });
  }

  document.addEventListener("submit", function (event) {
    if (event.target.matches("[data-drop], [data-once]")) {
      set(true);
    }
  });
  // Coming back, the form can be sent again.
  window.addEventListener("pageshow", function () { set(false); });
})();
