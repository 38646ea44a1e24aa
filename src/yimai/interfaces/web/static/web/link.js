// Whether the server is there: asked every five seconds, shown at once; identity gates are closed while it is not.
"use strict";
(() => {
  const EVERY = 5000;
  const WITHIN = 3000;
  const link = { lost: false, since: null };
  yimai.link = link;
  let checking = null;

  const set = (lost) => {
    if (link.lost === lost) return;
    link.lost = lost;
    link.since = lost ? new Date() : null;
    document.documentElement.classList.toggle("is-lost", lost);
    if (lost) yimai.tone("attention");
    document.dispatchEvent(new CustomEvent("yimai:link", { detail: { lost } }));
  };

  link.fail = () => set(true);

  /** Ask the server now; resolves with whether it answered. */
  link.check = () => {
    checking = checking || (async () => {
      const giveUp = new AbortController();
      const timer = setTimeout(() => giveUp.abort(), WITHIN);
      try {
        const response = await fetch("/health", { cache: "no-store", signal: giveUp.signal, headers: { Accept: "application/json", "Yimai-Unattended": "1" } });
        set(!response.ok || !(response.headers.get("Content-Type") || "").startsWith("application/json"));
      } catch {
        set(true);
      } finally {
        clearTimeout(timer);
        checking = null;
      }
      return !link.lost;
    })();
    return checking;
  };

  /** Why a form's gate is closed, or "" where it is open. */
  link.closed = (form) => {
    if (form.dataset.gate === "plain") return "";
    if (link.lost) return yimai.say("gate.lost");
    return yimai.queue && yimai.queue.mine.length ? yimai.say("gate.waiting", { number: yimai.queue.mine.length }) : "";
  };

  const buttons = (form) =>
    [...form.elements].filter((each) => each.type === "submit" && (each instanceof HTMLButtonElement || each instanceof HTMLInputElement));

  /** Close or open every gate on the page, with the reason beside the buttons. */
  link.draw = () => {
    for (const form of document.querySelectorAll("form[data-act]")) {
      const reason = link.closed(form);
      let shown = form.querySelector(".gate-reason");
      if (reason && !shown && buttons(form).length) {
        shown = yimai.element("p", "gate-reason", "", { role: "note" });
        const first = buttons(form)[0];
        (first.closest(".actions") || first).insertAdjacentElement("beforebegin", shown);
      }
      if (shown) {
        shown.hidden = !reason;
        shown.textContent = reason;
      }
      for (const button of buttons(form)) {
        if (reason && !button.disabled) {
          button.disabled = true;
          button.dataset.closed = "";
        } else if (!reason && button.dataset.closed !== undefined) {
          button.disabled = false;
          delete button.dataset.closed;
        }
      }
    }
  };

  document.addEventListener("yimai:link", link.draw);
  document.addEventListener("yimai:queue", link.draw);
  document.addEventListener("yimai:lost", () => link.check());
  window.addEventListener("offline", () => set(true));
  window.addEventListener("online", () => link.check());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && link.check());
  setInterval(() => document.visibilityState === "visible" && link.check(), EVERY);
  yimai.whenShown(link.draw);
  if (navigator.onLine === false) set(true);
  else link.check();
})();
