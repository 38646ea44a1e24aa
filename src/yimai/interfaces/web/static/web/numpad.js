// Measures on the bench: a numpad for gloves, and at each key whether the value lies within its limits. Decimals are compared
// as whole numbers of their last place, never as floats; the server decides.
"use strict";
(() => {
  const KEYS = ["7", "8", "9", "4", "5", "6", "1", "2", "3", "±", "0", "."];
  const FORM = /^(-?)(\d*)(?:\.(\d*))?$/;

  /** What stands in the field, with full-width digits, points and minus signs as a keyboard has them. */
  const plain = (text) => text.normalize("NFKC").trim().replace(/[。]/g, ".").replace(/[−–—]/g, "-").replace(/^\+/, "");

  /** {sign, whole, part} of a decimal, or null. A comma is not guessed at: it divides thousands in both languages. */
  const parsed = (text) => {
    const found = FORM.exec(plain(text));
    if (!found || !((found[2] || "") + (found[3] || ""))) return null;
    return { sign: found[1] ? -1n : 1n, whole: found[2] || "0", part: found[3] || "" };
  };

  /** Below 0, 0 or above 0, as one decimal is less than, equal to or greater than another; null where one is no decimal. */
  yimai.compareDecimals = (one, other) => {
    const [a, b] = [parsed(one), parsed(other)];
    if (!a || !b) return null;
    const places = Math.max(a.part.length, b.part.length);
    const scaled = (each) => each.sign * BigInt(each.whole + each.part.padEnd(places, "0"));
    const [left, right] = [scaled(a), scaled(b)];
    return left < right ? -1 : left > right ? 1 : 0;
  };

  /** "in", "below", "above", "unclear" (no decimal), "empty", or "free" where no limit is known. */
  yimai.verdict = (text, { low = "", high = "", lowExclusive, highExclusive } = {}) => {
    if (!text.trim()) return "empty";
    if (!parsed(text)) return "unclear";
    if (low && yimai.compareDecimals(text, low) < (lowExclusive === undefined ? 0 : 1)) return "below";
    if (high && yimai.compareDecimals(text, high) > (highExclusive === undefined ? 0 : -1)) return "above";
    return low || high ? "in" : "free";
  };

  const verdictOf = (field) => {
    const id = `${field.id || field.name}-verdict`;
    const shown = document.getElementById(id) || yimai.element("output", "verdict", "", { id, for: field.id });
    const row = field.closest(".measured") || field;
    if (!shown.isConnected) (row.parentElement.querySelector(".limits") || row).insertAdjacentElement("afterend", shown);
    const described = (field.getAttribute("aria-describedby") || "").split(/\s+/).filter(Boolean);
    if (!described.includes(id)) field.setAttribute("aria-describedby", [...described, id].join(" "));
    return shown;
  };

  const units = (field) => field.closest(".measured")?.querySelector("select");
  /** Limits are given in the first unit that is offered. */
  const isFirstUnit = (field) => !units(field) || units(field).selectedIndex <= 0;
  const unitOf = (field) => {
    const chosen = units(field)?.selectedOptions[0] || field.closest(".measured")?.querySelector(".unit");
    return chosen ? chosen.textContent.trim() : "";
  };

  const judge = (field) => {
    const { low = "", high = "", consequence = "" } = field.dataset;
    const unit = unitOf(field);
    const verdict = yimai.verdict(field.value, isFirstUnit(field) ? field.dataset : {});
    const shown = verdictOf(field);
    const out = verdict === "below" || verdict === "above";
    const limit = `${verdict === "below" ? low : high} ${unit}`.trim();
    const words = verdict === "empty" || verdict === "free" ? "" : yimai.say(`measure.${verdict}`, { limit });
    const sign = { in: "✓ ", below: "▼ ", above: "▲ ", unclear: "? " }[verdict] || "";
    shown.textContent = words && sign + words + (out ? ` ${consequence || yimai.say("measure.deviation")}` : "");
    shown.className = `verdict ${verdict}`;
    field.classList.toggle("measure-in", verdict === "in");
    field.classList.toggle("measure-out", out);
    field.setAttribute("aria-invalid", String(verdict === "unclear"));
  };

  const put = (field, key) => {
    const { value } = field;
    if (key === "±") field.value = value.startsWith("-") ? value.slice(1) : `-${value}`;
    else if (key === "⌫") field.value = value.slice(0, -1);
    else if (key === "C") field.value = "";
    else if (key !== "." || !value.includes(".")) field.value = value + key;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };

  const close = (pad) => {
    pad.field.setAttribute("inputmode", pad.dataset.before);
    pad.remove();
  };

  const pad = (field) => {
    const made = yimai.element("div", "numpad", "", { role: "group", "aria-label": yimai.say("numpad.title", { unit: unitOf(field) }) });
    made.field = field;
    made.dataset.before = field.getAttribute("inputmode") || "decimal";
    const whole = made.dataset.before === "numeric";
    const names = { "±": "numpad.sign", ".": "numpad.point", "⌫": "numpad.back", C: "numpad.clear" };
    const minus = !field.dataset.low || field.dataset.low.startsWith("-");
    for (const key of [...KEYS, "⌫", "C"]) {
      const button = yimai.element("button", "", key, { type: "button", "data-key": key });
      if (names[key]) button.setAttribute("aria-label", yimai.say(names[key]));
      button.disabled = (key === "±" && (whole || !minus)) || (key === "." && whole);
      made.append(button);
    }
    made.append(yimai.element("button", "done", yimai.say("numpad.done"), { type: "button", "data-key": "done" }));
    return made;
  };

  const open = (field) => {
    document.querySelectorAll(".numpad").forEach((each) => each.field !== field && close(each));
    if (field.closest(".field")?.querySelector(".numpad")) return;
    const made = pad(field);
    verdictOf(field).insertAdjacentElement("afterend", made);
    made.scrollIntoView({ block: "nearest" }); // not under the bar of buttons
    field.setAttribute("inputmode", "none"); // ours instead of the system's
  };

  document.addEventListener("click", (event) => {
    const key = event.target.closest(".numpad [data-key]");
    const opener = event.target.closest("[data-opens-numpad]");
    if (opener) {
      const field = document.getElementById(opener.getAttribute("aria-controls"));
      const shown = field.closest(".field").querySelector(".numpad");
      if (shown) close(shown);
      else open(field);
    }
    if (!key) return;
    const made = key.closest(".numpad");
    if (key.dataset.key !== "done") return put(made.field, key.dataset.key);
    made.field.dispatchEvent(new Event("change", { bubbles: true }));
    close(made);
    return undefined;
  });
  document.addEventListener("pointerdown", (event) => {
    const { target } = event;
    if (event.pointerType !== "mouse" && target.matches && target.matches("input[data-numpad]")) open(target);
  });
  document.addEventListener("input", (event) => event.target.matches("input[data-numpad]") && judge(event.target));
  document.addEventListener("change", (event) => {
    const field = event.target.matches(".measured select") ? event.target.closest(".measured").querySelector("input[data-numpad]") : event.target;
    if (!field || !field.matches("input[data-numpad]")) return;
    if (parsed(field.value)) field.value = plain(field.value).replace(/^(-?)\./, "$10.").replace(/\.$/, "");
    judge(field);
  });

  yimai.whenShown(() => {
    for (const field of document.querySelectorAll("input[data-numpad]")) {
      judge(field);
      const row = field.closest(".measured");
      if (!row || row.querySelector("[data-opens-numpad]")) continue;
      row.append(yimai.element("button", "numpad-button", "⌨", {
        type: "button", "data-opens-numpad": "", "aria-controls": field.id, "aria-label": yimai.say("numpad.open"),
      }));
    }
  });
})();
