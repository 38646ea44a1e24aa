// Takes what was scanned (by a scanner or the camera) to the field that waits for it, and answers by words, colour and tone.
"use strict";
(() => {
  const SHOWN = 6000; // milliseconds that an answer stays
  let hiding = 0;

  const nouns = (field) => field.dataset.scan.split(/\s+/).filter(Boolean);
  const isShown = (element) => element.getClientRects().length > 0 && !element.disabled && !element.readOnly;
  const fields = (root) => [...root.querySelectorAll("input[data-scan]")].filter(isShown);
  const takesOthers = (field) => nouns(field).some((noun) => !yimai.identifier.ours.includes(noun));

  /** What a field with data-takes lists, as the server spells it: the entry that this scan names, or undefined. */
  const listed = (field, read) => (field.dataset.takes || "").split(/\s+/).filter(Boolean)
    .find((each) => [read.raw, read.lot].some((text) => text && yimai.identifier.same(text, each)));

  /** A field that lists what it takes takes nothing else by itself; where data-takes-others allows it, it does once it has the focus. */
  const wants = (field, read) => {
    if (read.noun) return nouns(field).includes(read.noun);
    if (field.dataset.takes === undefined) return takesOthers(field);
    return Boolean(listed(field, read)) || (field === document.activeElement && field.dataset.takesOthers !== undefined);
  };

  /** A person's badge: the tile or the choice in a list that it names, or undefined. */
  const badge = (form, read) => [...form.querySelectorAll("input[data-badge], select[data-badges] option[value]")]
    .find((each) => (each.dataset.badge || each.value) && yimai.identifier.same(read.raw, each.dataset.badge || each.value) && !each.disabled);

  const mayBeNamed = (read) => read.copy === null && /[a-z]/.test(read.raw);

  const OURS = /^\w{4}-\w{4}-\w{2,5}$/; // as people write our identifiers down

  /** One in 37 of a base's own names, such as ``selector-07``, would pass for one of ours: how it is written tells, and what the page lists. */
  const heard = (raw) => {
    const read = { ...yimai.read(raw), raw };
    const name = { raw, noun: null, identifier: null, copy: null, text: raw.trim(), problem: null, lot: null };
    const isListed = mayBeNamed(read) && (fields(document).some((field) => listed(field, name)) || badge(document, name));
    const isWrittenSo = mayBeNamed(read) && raw.includes("-") && !OURS.test(raw.trim());
    const isPiece = read.problem && isWrittenSo; // a badge whose keys stumbled half way
    return (read.noun && (isListed || isWrittenSo)) || isPiece ? name : read;
  };

  const present = (chosen, at) => {
    const folded = chosen.closest("details");
    if (folded) folded.open = true;
    if (chosen.matches("option")) chosen.parentElement.value = chosen.value;
    else chosen.checked = true;
    const field = chosen.closest("select") || chosen;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
    answer("good", (chosen.closest("label") || chosen).textContent.trim(), at);
  };

  /** The form that a scan is meant for: the one in use, else the first that waits for this, else the first. */
  const target = (read) => {
    const forms = [...new Set(fields(document).map((field) => field.form || document.body))];
    const inUse = document.activeElement && document.activeElement.closest("form");
    return forms.find((form) => form === inUse)
      || forms.find((form) => fields(form).some((field) => !field.value && wants(field, read)))
      || forms[0];
  };

  const SIGNS = { good: "✓", read: "▶", bad: "✕" };

  /** Say it in the page's answer. look: ``good`` (it belongs here), ``read`` (only the server can tell) or ``bad``. */
  const answer = (look, text, at, after = "") => {
    const place = document.getElementById("scan-answer");
    (document.querySelector("dialog[open]") || document.body).append(place);
    place.className = `scan-answer ${look}`;
    place.replaceChildren(
      yimai.element("span", "sign", SIGNS[look], { "aria-hidden": "true" }),
      yimai.element("strong", "", text),
    );
    if (after) place.append(yimai.element("span", "next", after));
    place.hidden = false;
    yimai.tone(look);
    if (navigator.vibrate && navigator.userActivation && navigator.userActivation.hasBeenActive) {
      navigator.vibrate(look === "bad" ? [120, 60, 120] : 40);
    }
    clearTimeout(hiding);
    hiding = setTimeout(() => { place.hidden = true; }, SHOWN);
    requestAnimationFrame(() => setTimeout(() => {
      performance.mark("yimai.scan.answered");
      performance.measure("yimai.scan", { start: at, end: "yimai.scan.answered", detail: { look } });
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

  // The line's place is kept from the first, else the answer to what was typed moves the button from under the finger.
  yimai.whenShown(() => document.querySelectorAll("input[data-scan]").forEach((field) => field.closest("[data-scans]") || state(field)));

  const mark = (field, look, text) => {
    field.classList.remove("scan-good", "scan-read", "scan-bad");
    if (look) field.classList.add(look);
    state(field).textContent = text;
    state(field).dataset.look = look;
  };

  const named = (read) => {
    if (!read.noun) return read.problem ? read.text : read.lot || read.text;
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

  /** How sure it is that what was scanned belongs here: what the page lists does, what it does not list does not; of the rest a gate of
   * identity is told by the server alone, so that a wrong patient's bag never looks right. */
  const belongs = (form, field, read) => {
    if (listed(field, read)) return "good";
    const beside = [...form.querySelectorAll("[data-expects]")].map((each) => each.dataset.expects);
    const expects = field.dataset.expected ? [field.dataset.expected] : beside;
    if (read.identifier && expects.length && nouns(field).includes(read.noun)) return expects.includes(read.identifier) ? "good" : "bad";
    return read.noun && form.dataset && form.dataset.gate !== "plain" ? "read" : "good";
  };

  /** The first measure that is still to be put in. */
  const measured = (form) => [...form.querySelectorAll("input[data-numpad]")].find((each) => isShown(each) && !each.value);

  const fill = (form, field, read, at) => {
    field.value = listed(field, read) || (!read.noun && read.lot && nouns(field).includes("material_lot") ? read.lot : read.text);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dataset.scanned = "yes";
    field.removeAttribute("aria-invalid");
    field.dispatchEvent(new Event("change", { bubbles: true }));
    const look = belongs(form, field, read);
    mark(field, `scan-${look}`, look === "bad" ? `✕ ${yimai.say("scan.other", { what: named(read) })}` : `${SIGNS[look]} ${named(read)}`);
    makeRoom(field);
    const next = fields(form).find(isOpen);
    const left = fields(form).find(isWrong);
    const done = () => yimai.say(left ? "scan.wanted" : look === "read" ? "scan.compared" : "scan.complete", { noun: left && yimai.noun(nouns(left)) });
    const then = next ? yimai.say("scan.next", { noun: yimai.noun(nouns(next)) }) : done();
    if (look === "bad") answer("bad", yimai.say("scan.other", { what: named(read) }), at, yimai.say("scan.stop"));
    else answer(look, named(read), at, then);
    const goesOn = look === "bad" ? field : next || measured(form); // the right one takes the wrong one's place
    if (goesOn) goesOn.focus({ preventScroll: false });
    else field.blur(); // what is typed now is not meant for an identifier that is whole
    if (!next && form.dataset && form.dataset.submitOnScan !== undefined) form.requestSubmit();
    document.dispatchEvent(new CustomEvent("yimai:scanned", { detail: { field, complete: !next } }));
  };

  const refuse = (form, key, read, at) => {
    const next = fields(form).find(isOpen);
    const wanted = next ? yimai.say("scan.wanted", { noun: yimai.noun(nouns(next)) }) : yimai.say("scan.complete");
    const text = yimai.say(key, { what: named(read) });
    if (next) mark(next, "scan-bad", `✕ ${text} ${wanted}`);
    answer("bad", text, at, wanted);
  };

  /** A field that holds what does not belong there: the next scan that it wants takes its place. */
  const isWrong = (field) => field.value && (field.classList.contains("scan-bad") || field.getAttribute("aria-invalid") === "true");

  const isSame = (field, read) => field.value && (yimai.read(field.value).identifier || field.value) === (read.identifier || read.text);

  const intoForm = (form, read, at) => {
    const all = fields(form);
    const offered = !read.noun && all.filter((field) => listed(field, read));
    if (offered && offered.length) {
      const free = offered.find((field) => !field.value) || offered.find((field) => field === document.activeElement);
      return free ? fill(form, free, read, at) : refuse(form, isSame(offered[0], read) ? "scan.already" : "scan.full", read, at);
    }
    const listing = all.some((field) => field.dataset.takes !== undefined);
    if (listing && read.problem && mayBeNamed(read)) return refuse(form, "scan.not-listed", { ...read, text: read.raw }, at); // none of ours is printed so
    if (read.problem && !all.every(takesOthers)) return refuse(form, problemOf(read), read, at);
    const focused = all.find((field) => field === document.activeElement && wants(field, read));
    const free = focused || all.find((field) => isWrong(field) && wants(field, read)) || all.find((field) => !field.value && wants(field, read));
    const same = all.find((field) => field !== focused && isSame(field, read));
    if (same && !(free && [free, same].some((field) => field.dataset.scanAgain !== undefined))) return refuse(form, "scan.already", read, at);
    if (free) return fill(form, free, read, at);
    const wanted = all.some((field) => wants(field, read));
    return refuse(form, wanted ? "scan.full" : read.noun ? "scan.other" : listing ? "scan.not-listed" : "scan.unknown", read, at);
  };

  /** A record with a page of its own is gone to at once, anything else by way of the server's question what it is. */
  const whereabouts = (home, own, read, code) =>
    ((own || "").split(" ").includes(read.noun) ? `${home}${read.noun}/${read.identifier}` : `${home}scan?code=${encodeURIComponent(code)}`);

  const lookUp = (read, at) => {
    const { home, own } = document.body.dataset;
    const foreign = read.problem !== "keyboard" && mayBeNamed(read); // what a base names: none of ours is printed so
    if (read.problem && !foreign) return answer("bad", yimai.say(problemOf(read), { what: named(read) }), at);
    if (yimai.link && yimai.link.lost) return answer("bad", yimai.say("scan.offline", { what: named(read) }), at);
    answer("good", named(read), at);
    if (home) location.assign(foreign ? whereabouts(home, "", read, read.raw) : whereabouts(home, own, read, read.text));
    return undefined;
  };

  document.addEventListener("yimai:scan", (event) => {
    const { raw, at, field, restore } = event.detail;
    const read = heard(raw);
    const form = target(read);
    const worn = !read.noun && badge(document, read);
    if (worn) {
      if (restore) restore();
      return present(worn, at);
    }
    const foreign = !read.noun && !read.problem;
    const plainField = field && field.dataset.scan === undefined && field.type !== "search";
    if (foreign && plainField && !(form && fields(form).some((each) => wants(each, read)))) return undefined;
    if (restore) restore();
    return form ? intoForm(form, read, at) : lookUp(read, at);
  });

  /** What a person types into a scan field is looked at when he or she leaves it; the server decides. */
  document.addEventListener("change", (event) => {
    const field = event.target;
    if (!(field instanceof HTMLInputElement) || field.dataset.scan === undefined) return;
    const read = { ...yimai.read(field.value), raw: field.value };
    if (field.dataset.scanned === "yes" && field.value === read.text) return;
    if (!field.value) return mark(field, "", "");
    if (!read.noun && listed(field, read)) return mark(field, "scan-good", `✓ ${listed(field, read)}`);
    if (wants(field, read) && !read.problem) {
      const look = belongs(field.form || document.body, field, read);
      mark(field, `scan-${look}`, look === "bad" ? `✕ ${yimai.say("scan.other", { what: named(read) })}` : `${SIGNS[look]} ${named(read)}`);
      return makeRoom(field);
    }
    const wanted = yimai.say("scan.wanted", { noun: yimai.noun(nouns(field)) });
    const problem = problemOf(read) || (read.noun ? "scan.other" : "scan.unknown");
    return mark(field, "scan-bad", `✕ ${yimai.say(problem, { what: named(read) })} ${wanted}`);
  });
  /** The answer to a scan goes with the form that it was for. */
  document.addEventListener("submit", () => { const shown = document.getElementById("scan-answer"); if (shown) shown.hidden = true; });
  document.addEventListener("input", (event) => {
    if (event.target.dataset && event.target.dataset.scanned) delete event.target.dataset.scanned;
  }, true);
})();
