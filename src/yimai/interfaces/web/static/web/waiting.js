// Shows how the tablet stands: the banner, the list of entries that wait, the question that needs a person; and signing out.
"use strict";
(() => {
  const banner = document.getElementById("link-banner");
  const list = document.getElementById("waiting");
  if (!banner || !list) return;

  const number = () => yimai.queue.mine.length;

  /** [look, text, link] of the banner, or null. */
  const standing = () => {
    const { mine, others, state, signIn } = yimai.queue;
    if (yimai.link.lost) {
      const waiting = number() ? ` ${yimai.say("queue.number", { number: number() })}` : "";
      return ["lost", yimai.say("link.lost", { time: yimai.clock(yimai.link.since) }) + waiting];
    }
    if (mine.some((entry) => entry.question)) return ["asking", yimai.say("queue.question", { number: number() })];
    if (number() && state === "sign-in") return ["asking", yimai.say("queue.sign-in", { number: number() }), signIn];
    if (number()) return ["sending", yimai.say("queue.sending", { number: number() })];
    if (others.length) {
      const people = [...new Set(others.map((entry) => entry.person))].join(", ");
      return ["asking", yimai.say("queue.others", { number: others.length, people })];
    }
    return null;
  };

  const drawBanner = () => {
    const found = standing();
    banner.hidden = !found;
    if (!found) return banner.replaceChildren();
    const [look, text, link] = found;
    banner.className = `banner ${look}`;
    if (banner.dataset.text === text) return undefined;
    banner.dataset.text = text;
    banner.replaceChildren(yimai.element("span", "sign", { lost: "✕", asking: "?", sending: "↑" }[look], { "aria-hidden": "true" }), yimai.element("p", "", text));
    if (link) banner.append(yimai.element("a", "button", yimai.say("act.sign-in-link"), { href: link }));
    return undefined;
  };

  const row = (entry) => {
    const made = yimai.element("li", "waiting-entry");
    made.append(yimai.element("strong", "", entry.title), yimai.element("span", "meta", yimai.clock(entry.at)));
    for (const [label, value] of entry.summary) made.append(yimai.element("span", "said", `${label}: ${value}`));
    return made;
  };

  const discard = (entry) => {
    const form = yimai.element("form", "choice", "", { "data-choice": "discard", "data-settles": entry.command });
    form.append(yimai.element("button", "button quiet", yimai.say("queue.discard"), { type: "submit" }));
    return form;
  };

  /** The question about an entry; the same element as before where nothing has changed, so that what is being typed stays. */
  const question = (entry) => {
    const mark = `${entry.place}:${entry.command}:${entry.question.html.length}:${entry.question.status}`;
    const before = list.querySelector(`[data-question="${entry.place}"]`);
    if (before && before.dataset.mark === mark) return before;
    const made = yimai.element("div", "question", "", { "data-question": entry.place, "data-mark": mark, role: "group", "aria-label": yimai.say("queue.question-title") });
    const { html, status } = entry.question;
    if (html) {
      const { main, all } = yimai.act.nodes(html);
      made.append(...(main ? [...main.childNodes].map((node) => document.importNode(node, true)) : all));
    } else made.append(yimai.element("p", "refusal", yimai.say("act.odd", { status })));
    if (!made.querySelector("[data-choice=theirs], [data-choice=discard]")) made.append(discard(entry));
    return made;
  };

  const drawList = () => {
    const { mine } = yimai.queue;
    list.hidden = !mine.length;
    if (!mine.length) return list.replaceChildren();
    const heading = yimai.element("h2", "", yimai.say("queue.title"), { id: "waiting-title" });
    const asked = mine.find((entry) => entry.question);
    const rows = yimai.element("ol", "waiting-list");
    rows.append(...mine.map(row));
    const standingQuestion = asked ? question(asked) : null;
    const isNew = standingQuestion && !standingQuestion.isConnected;
    if (isNew || !standingQuestion) list.replaceChildren(heading, ...(standingQuestion ? [standingQuestion] : []), rows);
    else list.querySelector(".waiting-list").replaceWith(rows);
    if (isNew) yimai.act.shown(list);
    return undefined;
  };

  /** Forms of this page whose entry already waits say so in their place; a kept page may have been drawn under another command. */
  const drawForms = () => {
    for (const form of document.querySelectorAll("form[data-act][data-gate=plain]")) {
      if (form.closest("[data-question]")) continue;
      const command = form.elements.command ? form.elements.command.value : "";
      const entry = yimai.queue.mine.find((each) => (each.command && each.command === command) || each.action === form.action);
      if (entry) form.replaceWith(yimai.queue.note(entry));
    }
  };

  /** Links to forms whose entry already waits show what it holds instead. */
  const drawLinks = () => {
    document.querySelectorAll(".waiting-mark").forEach((each) => each.remove());
    for (const link of document.querySelectorAll("a[data-keeps]")) {
      const entry = yimai.queue.mine.find((each) => each.action === link.href);
      link.hidden = Boolean(entry);
      if (entry) link.after(yimai.element("span", "waiting-mark", yimai.say("queue.holds", { value: entry.summary.length ? entry.summary[0][1] : "" })));
    }
  };

  const draw = () => {
    drawBanner();
    drawList();
    drawForms();
    drawLinks();
  };
  document.addEventListener("yimai:link", draw);
  document.addEventListener("yimai:queue", draw);

  list.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("form[data-act]")) return; // act.js sends it
    event.preventDefault();
    const place = Number(form.closest("[data-question]").dataset.question);
    const button = form.querySelector("button");
    if (form.dataset.choice === "discard" && form.dataset.sure === undefined) {
      form.dataset.sure = "";
      button.textContent = yimai.say("queue.discard-sure");
      return;
    }
    yimai.queue.settle(place);
  });

  /** After everything has been sent the page shows the present, unless somebody is typing. */
  document.addEventListener("yimai:sent", ({ detail }) => {
    if (!yimai.kept.isTyping()) location.reload();
    else {
      banner.className = "banner changed";
      banner.hidden = false;
      banner.replaceChildren(yimai.element("p", "", yimai.say("queue.sent", { number: detail.number })));
    }
  });

  const forget = async () => {
    await yimai.kept.forgetAll().catch(() => {});
    const worker = navigator.serviceWorker && navigator.serviceWorker.controller;
    if (worker) worker.postMessage({ forget: true });
    if (window.caches) await caches.delete("yimai-pages").catch(() => {});
  };

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.dataset.signOut === undefined || form.dataset.forgotten !== undefined) return;
    event.preventDefault();
    if (document.querySelector("form[data-sending], form[data-settled]")) { // its answer would lead elsewhere, as nobody
      yimai.act.notice(form, yimai.say("sign-out.sending"));
      return;
    }
    if (number() && form.dataset.told === undefined) {
      form.dataset.told = "";
      yimai.act.notice(form, yimai.say("sign-out.waiting", { number: number() }));
      return;
    }
    await forget();
    if (yimai.link.lost) {
      yimai.act.notice(form, yimai.say("sign-out.lost"));
      return;
    }
    form.dataset.forgotten = "";
    form.submit();
  });

  if ("serviceWorker" in navigator) {
    const controlled = Boolean(navigator.serviceWorker.controller); // else the worker has not seen this page
    navigator.serviceWorker.register("/sw.js").then(() => navigator.serviceWorker.ready).then((registration) => {
      const own = [...document.querySelectorAll("script[src], link[rel=stylesheet], link[rel=icon]")].map((each) => each.src || each.href);
      const keeps = yimai.link.lost ? [] : [...document.querySelectorAll("a[data-keeps]")].map((each) => each.href);
      registration.active.postMessage({ page: controlled ? "" : location.href, assets: own, keeps });
    }, () => {});
  }
  draw();
})();
