// Tones that can be told apart in a noisy room, and the switch that turns them off (remembered on this tablet).
"use strict";
window.yimai = window.yimai || {};
(() => {
  const KEY = "yimai.sound";
  const NOTES = {
    good: [{ at: 0, hertz: 880, lasts: 0.08 }, { at: 0.09, hertz: 1320, lasts: 0.12 }],
    read: [{ at: 0, hertz: 740, lasts: 0.09 }],
    bad: [{ at: 0, hertz: 196, lasts: 0.18 }, { at: 0.24, hertz: 165, lasts: 0.3 }],
    attention: [{ at: 0, hertz: 587, lasts: 0.14 }, { at: 0.22, hertz: 587, lasts: 0.14 }],
  };
  let context = null;

  const stored = (value) => {
    try {
      if (value === undefined) return localStorage.getItem(KEY);
      localStorage.setItem(KEY, value);
    } catch {
      // a browser that keeps nothing: sound stays on
    }
    return value;
  };

  /** Sound "good", "read", "bad" or "attention"; silent where it is switched off or the browser has no sound. */
  yimai.tone = (name) => {
    if (stored() === "off" || !window.AudioContext) return;
    context = context || new AudioContext();
    if (context.state === "suspended") context.resume();
    for (const note of NOTES[name]) {
      const oscillator = context.createOscillator();
      const volume = context.createGain();
      const from = context.currentTime + note.at;
      oscillator.type = name === "bad" ? "square" : "sine";
      oscillator.frequency.value = note.hertz;
      volume.gain.setValueAtTime(0.0001, from);
      volume.gain.exponentialRampToValueAtTime(name === "bad" ? 0.2 : 0.35, from + 0.01);
      volume.gain.exponentialRampToValueAtTime(0.0001, from + note.lasts);
      oscillator.connect(volume).connect(context.destination);
      oscillator.start(from);
      oscillator.stop(from + note.lasts + 0.02);
    }
  };

  const draw = (button) => {
    const on = stored() !== "off";
    button.setAttribute("aria-pressed", String(on));
    button.hidden = !window.AudioContext;
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-sound]");
    if (!button) return;
    stored(stored() === "off" ? "on" : "off");
    for (const each of document.querySelectorAll("[data-sound]")) draw(each);
    yimai.tone("good");
  });
  yimai.whenShown(() => document.querySelectorAll("[data-sound]").forEach(draw));
})();
