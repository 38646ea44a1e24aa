// What a form offers beside its fields: a touch fills one in, and what is still missing of what is expected shows.
"use strict";
(() => {
  const filledBy = (button) => document.getElementById(button.dataset.fills);

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-fills]");
    if (!button) return;
    const field = filledBy(button);
    field.value = field.value === button.value ? "" : button.value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
  });

  const look = () => {
    for (const button of document.querySelectorAll("[data-fills]")) {
      const field = filledBy(button);
      button.setAttribute("aria-pressed", String(Boolean(field) && yimai.identifier.same(field.value, button.value)));
    }
    for (const each of document.querySelectorAll("[data-expects]")) {
      const scanned = [...each.closest(".field").querySelectorAll("input[data-scan]")].map((field) => yimai.read(field.value).identifier);
      each.classList.toggle("there", scanned.includes(each.dataset.expects));
    }
    for (const crew of document.querySelectorAll("[data-crew]")) {
      const chosen = crew.closest(".field").querySelectorAll("input:checked").length;
      crew.textContent = `${chosen} / ${crew.dataset.crew}`;
      crew.classList.toggle("there", chosen >= Number(crew.dataset.crew));
    }
  };
  for (const name of ["input", "change"]) document.addEventListener(name, look);
  yimai.whenShown(look);
})();
