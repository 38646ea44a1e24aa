// The timetable: pointing at a batch, or reaching it by the keyboard, lights everything that its patient's chain takes.
"use strict";
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  let lit = null;

  const dark = () => {
    for (const each of document.querySelectorAll(".chain-mark")) each.remove();
    for (const each of document.querySelectorAll(".batch.lit")) each.classList.remove("lit");
    for (const each of document.querySelectorAll("svg.course.chained")) each.classList.remove("chained");
    lit = null;
  };

  const light = (batch) => {
    if (lit === batch) return;
    dark();
    lit = batch;
    if (!batch) return;
    for (const each of document.querySelectorAll("svg.course")) each.classList.add("chained");
    for (const each of document.querySelectorAll(`.batch[data-treatment="${CSS.escape(batch.dataset.treatment)}"]`)) each.classList.add("lit");
    for (const part of batch.dataset.chain.split(";").filter(Boolean)) {
      const [row, x, width] = part.split(" ");
      const place = document.querySelector(`[data-row="${row}"]`);
      if (!place) continue;
      const mark = document.createElementNS(SVG, "rect");
      const { y, height } = place.dataset;
      for (const [name, value] of Object.entries({ class: "chain-mark", x, width, y, height })) mark.setAttribute(name, value);
      place.append(mark);
    }
  };

  /** What stays lit when nothing is pointed at: the batch whose chain the page shows. */
  const rest = () => light(document.querySelector(".batch.chosen"));

  const over = (event) => {
    const batch = event.target instanceof Element && event.target.closest(".batch[data-chain]");
    if (batch) light(batch);
    else if (lit) rest();
  };

  /** All pictures of a page show the same days. */
  const together = (event) => {
    if (!(event.target instanceof Element) || !event.target.matches(".timetable")) return;
    for (const each of document.querySelectorAll(".timetable")) if (each.scrollLeft !== event.target.scrollLeft) each.scrollLeft = event.target.scrollLeft;
  };

  document.addEventListener("scroll", together, true);
  document.addEventListener("pointerover", over);
  document.addEventListener("focusin", over);
  yimai.whenShown(() => { lit = null; rest(); });
})();
