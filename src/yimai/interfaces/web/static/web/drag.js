// The timetable: a batch that has not begun can be dragged to another time and suite. Nothing is moved by it: the page of options
// opens, with the checker's verdict; without a pointer the same is asked for there in a form. One that cannot be moved says why.
"use strict";
(() => {
  const FAR = 6; // pixels before a press counts as dragging
  const HALF_HOUR = 30 * 60 * 1000;
  let held = null;
  let dragged = false;

  const place = (svg, event) => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    return [point.x, point.y];
  };

  const tell = (why) => {
    const note = document.querySelector("[data-stays-note]");
    if (note) note.textContent = why;
  };

  const begin = (event) => {
    const batch = event.target instanceof Element && event.target.closest(".batch[data-moves], .batch[data-stays]");
    const svg = batch && batch.closest("svg[data-move-to]");
    if (!svg || event.button !== 0 || event.pointerType === "touch") return;
    held = { batch, svg, from: place(svg, event), x: event.clientX, y: event.clientY };
    dragged = false;
  };

  const move = (event) => {
    if (!held) return;
    if (!dragged && Math.hypot(event.clientX - held.x, event.clientY - held.y) < FAR) return;
    if (!dragged) tell(held.batch.dataset.stays || "");
    dragged = true;
    event.preventDefault();
    if (held.batch.dataset.stays) return;
    const [x, y] = place(held.svg, event);
    held.batch.classList.add("dragged");
    held.batch.setAttribute("transform", `translate(${x - held.from[0]} ${y - held.from[1]})`);
  };

  /** The picture under the pointer: suites stand in several below each other. */
  const pictureAt = (event) => document.elementsFromPoint(event.clientX, event.clientY).find((each) => each.matches("svg[data-move-to]"));

  /** The suite's row under the pointer. */
  const rowAt = (svg, y) => [...svg.querySelectorAll("[data-suite]")].find((each) => y >= Number(each.dataset.y) && y < Number(each.dataset.y) + Number(svg.dataset.rowHeight));

  const end = (event) => {
    if (!held) return;
    const { batch, svg, from } = held;
    held = null;
    if (!dragged || batch.dataset.stays) return;
    batch.classList.remove("dragged");
    batch.removeAttribute("transform");
    const under = pictureAt(event);
    if (!under) return;
    const [x, y] = place(under, event);
    const row = rowAt(under, y);
    if (!row) return;
    const scale = (Number(svg.dataset.days) * 24 * 60 * 60 * 1000) / (Number(svg.dataset.width) - Number(svg.dataset.left));
    const zone = svg.dataset.begins.slice(-6);
    const offset = (zone[0] === "-" ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6))) * 60 * 1000;
    const starts = Math.round((Date.parse(batch.dataset.starts) + (x - from[0]) * scale) / HALF_HOUR) * HALF_HOUR;
    const asked = new URLSearchParams({ what: "move", look: "1", treatment: batch.dataset.treatment, suite: row.dataset.suite, from: new Date(starts + offset).toISOString().slice(0, 16) });
    location.assign(`${svg.dataset.moveTo}?${asked}`);
  };

  const stop = () => {
    if (held) held.batch.removeAttribute("transform");
    held = null;
  };

  document.addEventListener("pointerdown", begin);
  document.addEventListener("pointermove", move);
  document.addEventListener("pointerup", end);
  document.addEventListener("pointercancel", stop);
  document.addEventListener("keydown", (event) => event.key === "Escape" && stop());
  document.addEventListener("dragstart", (event) => held && event.preventDefault());
  document.addEventListener("click", (event) => {
    if (dragged && event.target instanceof Element && event.target.closest(".batch")) event.preventDefault();
    dragged = false;
  }, true);
})();
