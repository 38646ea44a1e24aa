// A scanner is a keyboard that types faster than anybody. Tells its bursts from a person's typing, wherever the focus is, and says
// "yimai:scan" with {raw, at, field, restore}: at is the last key's time, restore() takes what the scanner typed out of the field.
"use strict";
(() => {
  const GAP = 50; // milliseconds at most between two keys of another's code
  const MEDIAN = 35; // between the keys of one of ours, which may stumble on a busy tablet; nobody types like that
  const SHORTEST = 8; // characters
  const SHORTEST_ENDED = 5; // where Enter or Tab follows at once: a base's own names are short (bsc-01)
  const LONGEST = 300;
  const PAUSE = 80; // of silence end a burst that no Enter or Tab ends, if it reads as one of ours
  const LONGER = 120; // more for what does not
  const LATE = 300; // after the pause, a scanner's Enter or Tab still belongs to it
  const PATIENCE = 400; // between two keys that belong together at all
  const GS = "\u001d";

  let keys = []; // {text, at, field, value, start, end}: each with the field as it was before it
  let timer = 0;
  let altDigits = false;
  let paused = -Infinity;

  const takesText = (element) =>
    element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement ||
    (element instanceof HTMLInputElement && !["button", "submit", "reset", "checkbox", "radio"].includes(element.type));

  const isSecret = (element) =>
    element instanceof HTMLInputElement && (element.type === "password" || element.autocomplete.includes("one-time-code"));

  /** The character of a key; under an input method or another script's layout, the one printed on the key. */
  const character = (event) => {
    if (event.ctrlKey && (event.code === "BracketRight" || event.key === "]")) return GS;
    if (event.ctrlKey || event.metaKey) return null;
    if (!event.isComposing && event.key.length === 1 && event.key > " " && event.key <= "~") return event.key;
    const place = /^(?:Key|Digit|Numpad)([A-Z0-9])$/.exec(event.code);
    if (place) return place[1];
    return { BracketRight: "]", Minus: "-", Space: " " }[event.code] || (event.key.length === 1 ? event.key : null);
  };

  const forget = () => {
    clearTimeout(timer);
    keys = [];
  };

  /** The field that has the focus, as it is before a key reaches it. */
  const standing = () => {
    const field = takesText(document.activeElement) ? document.activeElement : null;
    if (!field) return { field };
    const found = { field, value: field.value, start: null, end: null };
    try {
      found.start = field.selectionStart;
      found.end = field.selectionEnd;
    } catch {
      // some kinds of field have no selection
    }
    return found;
  };

  const restorer = ({ field, value, start, end }) => () => {
    if (!field || field.value === value) return;
    if (field === document.activeElement) field.blur(); // ends what an input method is composing
    field.value = value;
    field.focus({ preventScroll: true });
    if (typeof start === "number") field.setSelectionRange(start, end);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };

  const text = (some) => some.map((key) => key.text).join("");
  const gaps = (some) => some.slice(1).map((key, place) => key.at - some[place].at);
  const isOurs = (some) => yimai.read(text(some)).noun !== null;
  const isFast = (some) => {
    const sorted = gaps(some).sort((one, other) => one - other);
    return sorted[Math.floor(sorted.length / 2)] <= MEDIAN;
  };

  /** The keys that a scanner pressed last, without what a person typed before them; null if it was no scanner. */
  const burst = (ended) => {
    const starts = keys.map((key, place) => place).filter((place) => !place || keys[place].at - keys[place - 1].at > MEDIAN);
    const tails = starts.map((place) => keys.slice(place)).filter((tail) => tail.length >= (ended ? SHORTEST_ENDED : SHORTEST));
    const ours = tails.find((tail) => isOurs(tail) && (isFast(tail) || (ended && !tail[0].field)));
    if (ours) return ours;
    const other = tails.find((tail) => isFast(tail) && gaps(tail).every((gap) => gap <= GAP));
    return other && !isSecret(other[0].field) ? other : null;
  };

  const tell = (some, at) => {
    forget();
    const detail = { raw: text(some), at, field: some[0].field, restore: restorer(some[0]) };
    document.dispatchEvent(new CustomEvent("yimai:scan", { detail }));
  };

  const silence = (waited) => {
    const found = burst(false);
    if (!found) return; // the next key tells whether it still belongs here
    if (!waited && !isOurs(found)) {
      timer = setTimeout(silence, LONGER, true);
      return;
    }
    paused = found[found.length - 1].at;
    tell(found, paused);
  };

  window.addEventListener("keydown", (event) => {
    if (event.repeat) return forget(); // a key held down
    if (event.altKey) {
      altDigits = altDigits || /^Numpad\d$/.test(event.code);
      return undefined;
    }
    if (event.key === "Enter" || event.key === "Tab") {
      const late = !keys.length && event.timeStamp - paused < LATE;
      const found = burst(true);
      paused = -Infinity;
      if (late || found) {
        event.preventDefault();
        event.stopImmediatePropagation();
      }
      if (found) tell(found, event.timeStamp);
      else forget();
      return undefined;
    }
    const typed = character(event);
    if (typed === null) return ["Shift", "CapsLock", "Alt", "Control", "AltGraph"].includes(event.key) ? undefined : forget();
    if (typed === GS) event.preventDefault();
    const last = keys[keys.length - 1];
    if (last && event.timeStamp - last.at > PATIENCE) forget();
    keys.push({ text: typed, at: event.timeStamp, ...standing() });
    if (keys.length > LONGEST) keys.shift();
    clearTimeout(timer);
    timer = setTimeout(silence, PAUSE, false);
    return undefined;
  }, true);

  window.addEventListener("keyup", (event) => {
    if (event.key !== "Alt" || !altDigits) return;
    altDigits = false; // Alt and digits is how some scanners write GS
    if (keys.length) keys.push({ text: GS, at: event.timeStamp, ...standing() });
  }, true);

  window.addEventListener("pointerdown", forget, true);
})();
