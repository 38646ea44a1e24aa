// Keeps the remaining times alive and brings the vein's present into view. Pages are complete without it.
"use strict";
(() => {
  const seen = new WeakMap(); // when each clock was first shown
  const words = (clock, milliseconds) => {
    const minutes = Math.floor(Math.abs(milliseconds) / 60000);
    const days = Math.floor(minutes / 1440), hours = Math.floor((minutes % 1440) / 60), left = minutes % 60;
    const { d, h, min } = clock.dataset;
    if (days) return `${days} ${d} ${hours} ${h}`;
    return hours ? `${hours} ${h} ${left} ${min}` : `${left} ${min}`;
  };
  const tick = () => {
    for (const clock of document.querySelectorAll("[data-due]")) {
      if (!seen.has(clock)) seen.set(clock, performance.now());
      const now = Date.parse(clock.dataset.now) + (performance.now() - seen.get(clock));
      const remaining = Date.parse(clock.dataset.due) - now;
      clock.querySelector("b").textContent = words(clock, remaining);
      const card = clock.closest(".clock, .task, .leg");
      if (remaining <= 0 && card && !card.classList.contains("over")) {
        card.classList.remove("alert", "calm", "soon");
        card.classList.add("over");
        clock.prepend(`▲ ${clock.dataset.over} `);
      }
    }
  };
  yimai.whenShown(tick);
  setInterval(tick, 15000);
  const here = document.querySelector("[data-here]");
  const frame = document.querySelector(".vein-frame");
  if (here && frame) {
    const drawing = here.ownerSVGElement;
    const scale = drawing.getBoundingClientRect().width / drawing.viewBox.baseVal.width;
    frame.scrollLeft = here.dataset.here * scale - frame.clientWidth / 2;
  }
})();
