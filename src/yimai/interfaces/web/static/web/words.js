// What scripts say, in the reader's language: the page brings the words in <template id="words">.
"use strict";
window.yimai = window.yimai || {};
(() => {
  /** The sentence under this key, with {names} filled in. */
  yimai.say = (key, details = {}) => {
    const words = document.getElementById("words");
    const found = words && words.content.querySelector(`[data-say="${CSS.escape(key)}"]`);
    const text = found ? found.textContent.trim() : key;
    return text.replace(/\{(\w+)\}/g, (whole, name) => (name in details ? String(details[name]) : whole));
  };

  /** What a noun is called; several in a row with "or" between them. */
  yimai.noun = (nouns) => [].concat(nouns).map((noun) => yimai.say(`noun.${noun}`)).reduce((one, other) => yimai.say("or", { one, other }));

  /** An element with a class, text and attributes. */
  yimai.element = (tag, look = "", text = "", attributes = {}) => {
    const made = document.createElement(tag);
    if (look) made.className = look;
    if (text) made.textContent = text;
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  };

  /** Do this now and whenever a part of the page has been replaced. */
  yimai.whenShown = (act) => {
    document.addEventListener("yimai:shown", () => act());
    document.addEventListener("htmx:afterSettle", () => act());
    act();
  };

  /** How far the clock of a simulated ledger is ahead of this tablet's; 0 where there is none but the real one. */
  const ahead = () => {
    const { clock } = document.body.dataset;
    return clock ? Date.parse(clock) - performance.timeOrigin : 0;
  };

  /** Hours and minutes of a moment of this tablet's, as the page's clock has it; with the day where it is not today. */
  yimai.clock = (moment) => {
    const date = new Date(Number(moment) + ahead());
    const today = date.toDateString() === new Date(Date.now() + ahead()).toDateString();
    const two = (number) => String(number).padStart(2, "0");
    const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
    return today ? time : `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${time}`;
  };
})();
