// Takes what was scanned (by a scanner or the camera) to the field that waits for it, and answers by words, colour and tone.
"use strict";
(() => {
  const SHOWN = 6000; // milliseconds that an answer stays
  let hiding = 0;

  const nouns = (field) => field.dataset.scan.split(/\s+/).filter(Boolean);
  const isShown = (element) => element.getClientRects().length > 0 && !element.disabled && !element.readOnly;
  const fields = (root) => [...root.querySelectorAll("input[data-scan]")].filter(isShown);
  const takesOthers = (field) => nouns(field).some((noun) => !yimai.identifier.ours.includes(noun));

  const wants = (field, read) => (read.noun ? nouns(field).includes(read.noun) : takesOthers(field));

  /** The form that a scan is meant for: the one in use, else the first that waits for this, else the first. */
  const target = (read) => {
    const forms = [...new Set(fields(document).map((field) => field.form || document.body))];
    const inUse = document.activeElement && document.activeElement.closest("form");
    return forms.find((form) => form === inUse)
      || forms.find((form) => fields(form).some((field) => !field.value && wants(field, read)))
      || forms[0];
  };

  /** Say it in the page's answer; good or bad. */
  const answer = (good, text, at, after = "") => {
    const place = document.getElementById("scan-answer");
    (document.querySelector("dialog[open]") || document.body).append(place);
    place.className = `scan-answer ${good ? "good" : "bad"}`;
    place.replaceChildren(
      yimai.element("span", "sign", good ? "✓" : "✕", { "aria-hidden": "true" }),
      yimai.element("strong", "", text),
    );
    if (after) place.append(yimai.element("span", "next", after));
    place.hidden = false;
    yimai.tone(good ? "good" : "bad");
    if (navigator.vibrate && navigator.userActivation && navigator.userActivation.hasBeenActive) {
      navigator.vibrate(good ? 40 : [120, 60, 120]);
    }
    clearTimeout(hiding);
    hiding = setTimeout(() => { place.hidden = true; }, SHOWN);
    requestAnimationFrame(() => setTimeout(() => {
      performance.mark("yimai.scan.answered");
      performance.measure("yimai.scan", { start: at, end: "yimai.scan.answered", detail: { good } });
    }));
  };

  const state = (field) => {
    const id = `${field.id || field.name}-scanned`;
    const shown = document.getElementById(id) || yimai.element("span", "scan-state", "", { id });
    if (!shown.isConnected) field.insertAdjacentElement("afterend", shown);
    const described = (field.getAttribute("aria-describedby") || "").split(/\s+/).filter(Boolean);
    if (!described.includes(id)) field.setAttribute("aria-describedby", [...described, id].join(" "));
    return shown;
  };

  const mark = (field, look, text) => {
    field.classList.remove("scan-good", "scan-bad");
    if (look) field.classList.add(look);
    state(field).textContent = text;
    state(field).dataset.look = look;
  };

  const named = (read) => {
    if (!read.noun) return read.text;
    const copy = read.copy === null ? "" : ` · ${yimai.say("scan.copy", { number: read.copy })}`;
    return `${yimai.noun(read.noun)} ${yimai.identifier.grouped(read.identifier)}${copy}`;
  };

  /** A list of scans (data-scans) has one empty field more than it holds; that one need not be filled. */
  const isOpen = (field) => !field.value && !isSpare(field);
  const isSpare = (field) => [...(field.closest("[data-scans]")?.querySelectorAll("input[data-scan]") || [])].some((each) => each.value);
  const makeRoom = (field) => {
    const list = field.closest("[data-scans]");
    if (!list || [...list.querySelectorAll("input[data-scan]")].some((each) => !each.value)) return;
    const empty = field.cloneNode();
    empty.removeAttribute("id");
    empty.removeAttribute("aria-describedby");
    empty.value = "";
    empty.className = "id";
    if (field.labels && field.labels[0]) empty.setAttribute("aria-label", field.labels[0].textContent.trim());
    list.append(empty);
  };

  const problemOf = (read) => ({ check: "scan.misread", short: "scan.short", keyboard: "scan.keyboard" })[read.problem];

  const fill = (form, field, read, at) => {
    field.value = !read.noun && read.lot && nouns(field).includes("material_lot") ? read.lot : read.text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dataset.scanned = "yes";
    field.dispatchEvent(new Event("change", { bubbles: true }));
    mark(field, "scan-good", `✓ ${named(read)}`);
    makeRoom(field);
    const next = fields(form).find(isOpen);
    answer(true, named(read), at, next ? yimai.say("scan.next", { noun: yimai.noun(nouns(next)) }) : yimai.say("scan.complete"));
    if (next) next.focus({ preventScroll: false });
    if (!next && form.dataset && form.dataset.submitOnScan !== undefined) form.requestSubmit();
    document.dispatchEvent(new CustomEvent("yimai:scanned", { detail: { field, complete: !next } }));
  };

  const refuse = (form, key, read, at) => {
    const next = fields(form).find(isOpen);
    const wanted = next ? yimai.say("scan.wanted", { noun: yimai.noun(nouns(next)) }) : yimai.say("scan.complete");
    const text = yimai.say(key, { what: named(read) });
    if (next) mark(next, "scan-bad", `✕ ${text} ${wanted}`);
    answer(false, text, at, wanted);
  };

  const isSame = (field, read) => field.value && (yimai.read(field.value).identifier || field.value) === (read.identifier || read.text);

  const intoForm = (form, read, at) => {
    const all = fields(form);
    if (read.problem && !all.every(takesOthers)) return refuse(form, problemOf(read), read, at);
    const focused = all.find((field) => field === document.activeElement && wants(field, read));
    const same = all.find((field) => field !== focused && isSame(field, read) && field.dataset.scanAgain === undefined);
    if (same) return refuse(form, "scan.already", read, at);
    const free = focused || all.find((field) => !field.value && wants(field, read));
    if (free) return fill(form, free, read, at);
    const wanted = all.some((field) => wants(field, read));
    return refuse(form, wanted ? "scan.full" : read.noun ? "scan.other" : "scan.unknown", read, at);
  };

  const lookUp = (read, at) => {
    const { home } = document.body.dataset;
    if (read.problem) return answer(false, yimai.say(problemOf(read), { what: named(read) }), at);
    if (yimai.link && yimai.link.lost) return answer(false, yimai.say("scan.offline", { what: named(read) }), at);
    answer(true, named(read), at);
    if (home) location.assign(`${home}scan?code=${encodeURIComponent(read.text)}`);
    return undefined;
  };

  document.addEventListener("yimai:scan", (event) => {
    const { raw, at, field, restore } = event.detail;
    const read = yimai.read(raw);
    const form = target(read);
    const foreign = !read.noun && !read.problem;
    const plainField = field && field.dataset.scan === undefined && field.type !== "search";
    if (foreign && plainField && !(form && fields(form).some((each) => wants(each, read)))) return;
    if (restore) restore();
    if (form) intoForm(form, read, at);
    else lookUp(read, at);
  });

  /** What a person types into a scan field is looked at when he or she leaves it; the server decides. */
  document.addEventListener("change", (event) => {
    const field = event.target;
    if (!(field instanceof HTMLInputElement) || field.dataset.scan === undefined) return;
    const read = yimai.read(field.value);
    if (field.dataset.scanned === "yes" && field.value === read.text) return;
    if (!field.value) return mark(field, "", "");
    if (wants(field, read) && !read.problem) return mark(field, "scan-good", `✓ ${named(read)}`);
    const wanted = yimai.say("scan.wanted", { noun: yimai.noun(nouns(field)) });
    const problem = problemOf(read) || (read.noun ? "scan.other" : "scan.unknown");
    return mark(field, "scan-bad", `✕ ${yimai.say(problem, { what: named(read) })} ${wanted}`);
  });
  document.addEventListener("input", (event) => {
    if (event.target.dataset && event.target.dataset.scanned) delete event.target.dataset.scanned;
  }, true);
})();
