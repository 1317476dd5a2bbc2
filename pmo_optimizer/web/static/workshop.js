// The controls of the workshop: a slider and a number that say the same, undo, and findings
// beside what they are about. Without this script the number fields and buttons do all.
(function () {
  "use strict";

  const form = document.getElementById("workshop");
  if (!form) {
    return;
  }

  const history = [];
  const undo = form.querySelector("[data-undo-last]");

  function controls() {
    return form.querySelectorAll("[data-control]");
  }

  function control(key) {
    return form.querySelector('[data-control="' + key + '"]');
  }

  function read(box) {
    const number = box.querySelector('input[type="number"]');
    if (number) {
      return number.value;
    }
    const picked = box.querySelector('input[type="radio"]:checked');
    return picked ? picked.value : box.dataset.base;
  }

  function write(box, value) {
    const number = box.querySelector('input[type="number"]');
    if (number) {
      number.value = value;
      box.querySelector("[data-slider]").value = value || box.dataset.base;
    } else {
      box.querySelectorAll('input[type="radio"]').forEach(function (radio) {
        radio.checked = radio.value === value;
      });
    }
    mark(box);
  }

  function mark(box) {
    const value = read(box);
    const number = box.querySelector('input[type="number"]');
    const same = number
      ? value === "" || Number(value) === Number(box.dataset.base)
      : value === box.dataset.base;
    box.classList.toggle("changed", !same);
  }

  function settle(box) {
    box.dataset.last = read(box);
    mark(box);
  }

  // Changes that no solve and no scenario has yet are not lost without a question.
  let unsaved = false;
  window.addEventListener("beforeunload", function (event) {
    if (unsaved) {
      event.preventDefault();
    }
  });
  document.addEventListener("click", function (event) {
    if (event.target.closest("[data-discard]")) {
      unsaved = false;
    }
  });
  document.addEventListener("htmx:beforeSwap", function (event) {
    if (event.detail.xhr.status === 200 && ["live", "saved"].includes(event.detail.target.id)) {
      unsaved = false;
    }
  });

  function tell() {
    unsaved = true;
    if (undo) {
      undo.disabled = history.length === 0;
    }
    form.dispatchEvent(new CustomEvent("workshop:changed"));
  }

  function take(box, value) {
    history.push([box.dataset.control, box.dataset.last]);
    write(box, value);
    settle(box);
    tell();
  }

  form.addEventListener("input", function (event) {
    const box = event.target.closest("[data-control]");
    if (!box) {
      return;
    }
    if (event.target.matches("[data-slider]")) {
      box.querySelector('input[type="number"]').value = event.target.value;
    } else if (event.target.type === "number") {
      box.querySelector("[data-slider]").value = event.target.value || box.dataset.base;
    }
    mark(box);
  });

  form.addEventListener("change", function (event) {
    const box = event.target.closest("[data-control]");
    if (box && read(box) !== box.dataset.last) {
      take(box, read(box));
    } else if (event.target.name === "drop") {
      tell();
    }
  });

  form.addEventListener("click", function (event) {
    const one = event.target.closest("[data-undo]");
    if (one) {
      // Weights are one change of several controls.
      const boxes = one.dataset.undo === "w"
        ? form.querySelectorAll('[data-control^="w"]')
        : [control(one.dataset.undo)];
      boxes.forEach(function (box) { take(box, box.dataset.base); });
      const title = document.getElementById("changes-title");
      title.tabIndex = -1;
      title.focus();
    } else if (event.target.closest("[data-close]")) {
      document.querySelector(event.target.closest("[data-close]").dataset.close).replaceChildren();
    } else if (event.target.closest("[data-undo-last]")) {
      const last = history.pop();
      if (last) {
        const box = control(last[0]);
        write(box, last[1]);
        settle(box);
        tell();
      }
    }
  });

  // Enter solves, save where it is in a field with a button of its own.
  form.addEventListener("keydown", function (event) {
    const field = event.target.closest("[data-enter]");
    if (event.key === "Enter" && field) {
      event.preventDefault();
      document.querySelector(field.dataset.enter).click();
    } else if (event.key === "Enter" && event.target.matches("[data-find]")) {
      event.preventDefault();
    }
  });

  form.addEventListener("input", function (event) {
    const field = event.target.closest("[data-find]");
    if (!field) {
      return;
    }
    const wanted = field.value.trim().toLowerCase();
    document.querySelectorAll(field.dataset.find + " [data-words]").forEach(function (row) {
      row.hidden = !row.dataset.words.toLowerCase().includes(wanted);
    });
  });

  // What is wrong stands in the list, and beside the control that it is about.
  function place() {
    form.querySelectorAll(".finding").forEach(function (slot) { slot.textContent = ""; });
    form.querySelectorAll("[data-control] [aria-invalid]").forEach(function (field) {
      field.removeAttribute("aria-invalid");
    });
    document.querySelectorAll("#changes [data-for]").forEach(function (row) {
      const box = row.dataset.for && control(row.dataset.for);
      if (!box) {
        return;
      }
      box.querySelector(".finding").textContent += row.querySelector("[data-said]").textContent;
      const field = box.querySelector('input[type="number"]');
      if (field) {
        field.setAttribute("aria-invalid", "true");
      }
    });
  }

  document.addEventListener("htmx:afterSwap", function (event) {
    if (event.target.id === "changes") {
      place();
    }
  });

  // The button that was pressed is gone with its row.
  document.addEventListener("htmx:afterSettle", function (event) {
    if (event.target.id === "saved" && document.activeElement === document.body) {
      document.getElementById("saved-title").focus();
    }
  });

  // What was asked for is brought into view where it comes above or below what is seen.
  document.addEventListener("htmx:afterSettle", function (event) {
    const wanted = event.target.id === "live" || event.target.id === "answer";
    if (wanted && event.target.firstElementChild) {
      event.target.scrollIntoView({ block: "nearest" });
    }
  });

  controls().forEach(settle);
})();
