// Adds a number's contributions again, on this page and in the whole document, and says whether they make the value.
"use strict";
(() => {
  const sum = (amounts) => amounts.reduce((whole, each) => whole + BigInt(each), 0n);
  const hex = (bytes) => [...new Uint8Array(bytes)].map((each) => each.toString(16).padStart(2, "0")).join("");

  const whole = async (line) => {
    const answer = await fetch(line.dataset.document, { cache: "no-store" });
    if (!answer.ok) return null;
    const bytes = await answer.arrayBuffer();
    const found = JSON.parse(new TextDecoder().decode(bytes));
    const hash = hex(await crypto.subtle.digest("SHA-256", bytes));
    const adds = line.dataset.total !== "sum" || sum(found.contributions.map((each) => each.amount)) === sum(
      [line.dataset.before, line.dataset.here, line.dataset.after]);
    return hash === line.dataset.hash && adds;
  };

  const said = (line, good, words) => {
    const told = document.createElement("strong");
    told.className = good ? "good" : "bad";
    told.textContent = `${good ? "✓" : "✕"} ${words}`;
    line.append(" ", told);
  };

  const check = async () => {
    for (const line of document.querySelectorAll("[data-adds]:not([data-added])")) {
      line.dataset.added = "yes";
      const section = line.closest("section");
      const here = sum([...section.querySelectorAll("[data-amount]")].map((each) => each.dataset.amount));
      const all = sum([line.dataset.before, here, line.dataset.after]);
      const makes = line.dataset.total !== "sum" || !line.dataset.value || all === BigInt(line.dataset.value);
      const good = here === BigInt(line.dataset.here) && makes;
      said(line, good, good ? line.dataset.good : line.dataset.bad);
      if (!line.dataset.document || !window.crypto || !crypto.subtle) continue;
      try {
        const same = await whole(line);
        if (same !== null) said(line, same, same ? line.dataset.bytes : line.dataset.bad);
      } catch {
        // without the document the page's own sum stands
      }
    }
    for (const slide of document.querySelectorAll(".as-of input[type=range]:not([data-told])")) {
      slide.dataset.told = "yes";
      const output = slide.form.querySelector("[data-as-of]");
      slide.addEventListener("input", () => { output.textContent = Number(slide.value).toLocaleString("fr"); });
    }
  };

  document.addEventListener("DOMContentLoaded", check);
  document.addEventListener("htmx:afterSettle", check);
})();
