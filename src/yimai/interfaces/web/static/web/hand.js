// In the demonstration nobody holds a label: a touch on one that would be at hand is read as its scan.
"use strict";
(() => {
  document.addEventListener("click", (event) => {
    const label = event.target.closest("[data-hand]");
    if (label) document.dispatchEvent(new CustomEvent("yimai:scan", { detail: { raw: label.dataset.hand, at: performance.now() } }));
  });
})();
