// Follows the record: what others record shows here at once, and never in the place of what is being entered.
"use strict";
(() => {
  const GATHER = 150; // milliseconds in which the facts of one command come together
  const GAP = 1000; // between two redrawings
  const WITHIN = 10000;
  const OWN = 3000; // milliseconds in which a change counts as the answered form's own
  const HIDDEN = 30000; // a page that nobody sees lets go of its stream after this time
  const AGAIN = [1000, 2000, 5000, 15000];
  const drawn = new Map(); // what each region said when it was drawn last
  let source = null;
  let failures = 0;
  let missed = false;
  let due = 0;
  let last = 0;
  let running = false;
  let hiding = 0;

  const state = (on) => {
    const shown = document.querySelector("[data-live-state]");
    if (!shown) return;
    const text = yimai.say(on ? "live.on" : "live.off");
    if (shown.textContent !== text) shown.textContent = text;
    shown.dataset.liveState = on ? "on" : "off";
  };

  const isInput = (element) => element.matches("input:not([type=hidden], [type=submit], [type=button]), textarea, select");

  /** Whether somebody is entering something here: nothing of it may be replaced. */
  const isTouched = (form) =>
    form.dataset.bound !== undefined || form.dataset.sending !== undefined || Boolean(form.closest("[data-question]")) ||
    (form.contains(document.activeElement) && isInput(document.activeElement)) ||
    [...form.elements].some((field) => isInput(field) && (field.type === "file" ? field.files.length > 0 : !yimai.kept.isDrawn(field)));

  const inner = (root) =>
    [...root.querySelectorAll("[data-live-region]")].filter((each) => each.parentElement.closest("[data-live-region]") === (root.matches("[data-live-region]") ? root : null));

  const named = (root, name) => root.querySelector(`[data-live-region="${CSS.escape(name)}"]`);

  /** What a region says, without what differs each time it is drawn. */
  const saying = (fresh) => {
    const copy = fresh.cloneNode(true);
    for (const each of copy.querySelectorAll("input[type=hidden], .now")) each.remove();
    for (const each of copy.querySelectorAll("[data-now]")) each.removeAttribute("data-now");
    return copy.outerHTML;
  };

  /** How to find an element again once its region was replaced. */
  const wayTo = (element, root) => {
    if (element.id) return (made) => made.querySelector(`#${CSS.escape(element.id)}`);
    const href = element.getAttribute("href");
    if (href) return (made) => made.querySelector(`${element.localName}[href="${CSS.escape(href)}"]`);
    const at = [...root.querySelectorAll(element.localName)].indexOf(element);
    return (made) => made.querySelectorAll(element.localName)[at];
  };

  const swap = (old, fresh) => {
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    const toFocus = focused && (focused === old ? (made) => made : wayTo(focused, old));
    const scrolled = [...old.querySelectorAll("*")].filter((each) => each.scrollLeft || each.scrollTop)
      .map((each) => ({ find: wayTo(each, old), left: each.scrollLeft, top: each.scrollTop }));
    const folded = [...old.querySelectorAll("details[open]")].map((each) => wayTo(each, old));
    const { scrollX, scrollY } = window;
    const made = document.importNode(fresh, true);
    // What was asked for after the page stays until it has been asked for anew: else the page would jump.
    const kept = [...made.querySelectorAll("[data-live-keep]")]
      .map((empty) => { const full = old.querySelector(`#${CSS.escape(empty.id)}`); if (full) empty.replaceWith(full); return full; });
    old.replaceWith(made);
    yimai.act.shown(made);
    for (const each of kept) if (each) htmx.trigger(each, "yimai:changed");
    for (const find of folded) Object.assign(find(made) || {}, { open: true });
    for (const { find, left, top } of scrolled) {
      const place = find(made);
      if (place) [place.scrollLeft, place.scrollTop] = [left, top];
    }
    window.scrollTo(scrollX, scrollY);
    const again = toFocus && toFocus(made);
    if (again) again.focus({ preventScroll: true });
  };

  const plain = (fresh) => {
    const shown = yimai.element("div", "live-fresh", "", { inert: "" });
    shown.append(...document.importNode(fresh, true).childNodes);
    for (const each of shown.querySelectorAll("[id]")) each.removeAttribute("id");
    for (const each of shown.querySelectorAll("form")) each.replaceWith(...each.childNodes);
    for (const each of shown.querySelectorAll("input, select, textarea, button, script, template")) each.remove();
    return shown;
  };

  /** Beside the form: the record has changed, and how to look at it without losing anything. */
  const bar = (form, fresh) => {
    if (performance.now() - (yimai.answeredAt ?? -OWN) < OWN) return; // what this form itself has just put on record
    const before = form.previousElementSibling;
    if (before && before.matches(".live-changed")) before.remove();
    const shown = yimai.element("div", "meanwhile live-changed", "", { role: "status" });
    shown.append(yimai.element("p", "", yimai.say("live.changed")));
    const page = form.closest("[data-live-show]");
    if (page) {
      shown.append(yimai.element("a", "button quiet", yimai.say("live.show"), { href: page.dataset.liveShow, target: "_blank" }));
    } else {
      const button = yimai.element("button", "button quiet", yimai.say("live.show"), { type: "button", "aria-expanded": "false" });
      button.addEventListener("click", () => {
        const there = shown.querySelector(".live-fresh");
        if (there) there.remove();
        else shown.append(plain(fresh));
        button.textContent = yimai.say(there ? "live.show" : "live.hide");
        button.setAttribute("aria-expanded", String(!there));
      });
      shown.append(button);
    }
    form.before(shown);
  };

  const update = (old, fresh) => {
    if (!fresh) return;
    const { liveRegion: name } = old.dataset;
    const says = saying(fresh);
    if (drawn.get(name) === says) return;
    const touched = [...old.querySelectorAll("form")].filter(isTouched);
    if (!touched.length) {
      drawn.set(name, says);
      swap(old, fresh);
      return;
    }
    const parts = inner(old);
    for (const part of parts) update(part, named(fresh, part.dataset.liveRegion));
    for (const form of touched) {
      if (form.isConnected && !parts.some((part) => part.contains(form))) bar(form, fresh);
    }
  };

  /** The page as it is now, or null where it cannot be had (the session has ended, no connection). */
  const ask = async () => {
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort(), WITHIN);
    try {
      const response = await fetch(location.href, { cache: "no-store", signal: giveUp.signal, headers: { "Yimai-Unattended": "1" } });
      if (!response.ok || response.redirected) return null;
      return new DOMParser().parseFromString(await response.text(), "text/html");
    } catch {
      return null;
    } finally {
      clearTimeout(timer);
    }
  };

  const refresh = async () => {
    if (document.hidden || document.querySelector("dialog[open]")) {
      missed = true;
      return null;
    }
    missed = false;
    const page = await ask();
    last = performance.now();
    if (!page) return null;
    Object.assign(document.body.dataset, { liveToken: page.body.dataset.liveToken || "" });
    for (const region of inner(document.body)) update(region, named(page, region.dataset.liveRegion));
    const [now, then] = [page, document].map((each) => each.querySelector("footer .now"));
    if (now && then) then.replaceWith(document.importNode(now, true));
    return page;
  };

  const soon = () => {
    clearTimeout(due);
    const wait = Math.max(GATHER, last + GAP - performance.now());
    due = setTimeout(async () => {
      if (running) return soon();
      running = true;
      await refresh();
      running = false;
      return undefined;
    }, wait);
  };

  const close = () => {
    if (source) source.close();
    source = null;
  };

  const connect = () => {
    close();
    const { liveAddress, liveToken } = document.body.dataset;
    if (!liveAddress || !liveToken) return;
    source = new EventSource(`${liveAddress}?token=${encodeURIComponent(liveToken)}`);
    source.addEventListener("open", () => {
      if (failures) soon(); // what was recorded meanwhile
      failures = 0;
      state(true);
    });
    source.addEventListener("message", soon);
    source.addEventListener("renew", renew);
    source.addEventListener("error", () => {
      failures += 1;
      state(false);
      if (source && source.readyState === EventSource.CLOSED) later();
    });
  };

  /** Follow with a new token. */
  const renew = async () => {
    close();
    const page = await refresh();
    if (page) connect();
    else later();
  };

  const later = () => {
    close();
    state(false);
    setTimeout(renew, AGAIN[Math.min(failures, AGAIN.length) - 1] || AGAIN[0]);
    failures += 1;
  };

  let toFocus = null;
  document.addEventListener("htmx:beforeSwap", ({ target }) => {
    if (target.dataset.liveKeep !== undefined && target.contains(document.activeElement)) toFocus = wayTo(document.activeElement, target);
  });
  document.addEventListener("htmx:afterSettle", ({ target }) => {
    if (target.dataset.liveKeep === undefined) return;
    const again = toFocus && toFocus(target);
    const wanted = !target.dataset.led && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (again) again.focus({ preventScroll: true });
    if (wanted && target.contains(wanted)) location.replace(location.hash); // it was led to before it was there
    Object.assign(target.dataset, { led: "" });
    toFocus = null;
  });

  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiding);
    if (document.hidden) hiding = setTimeout(() => { missed = true; close(); }, HIDDEN);
    else if (!source && document.body.dataset.liveAddress) renew();
    else if (missed) soon();
  });
  document.addEventListener("close", () => missed && soon(), true); // of a dialog
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => event.persisted && renew());
  connect();
})();
