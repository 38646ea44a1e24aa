// Entries that wait on this tablet: sent in order, one at a time, under their own idempotency ids and their person's name; the first
// that needs a person stops the rest (docs/offline.md).
"use strict";
(() => {
  const queue = { mine: [], others: [], state: "idle" };
  yimai.queue = queue;
  const others = "BroadcastChannel" in window ? new BroadcastChannel("yimai") : null;
  const adding = new Set();
  let sending = false;
  let retry = 0;
  let backoff = 2000;

  /** The present with this tablet's offset: 2027-03-01T09:02:11.480+08:00. */
  const moment = () => {
    const now = new Date();
    const offset = -now.getTimezoneOffset();
    const two = (number) => String(Math.floor(Math.abs(number))).padStart(2, "0");
    const local = new Date(now.getTime() + offset * 60000).toISOString().slice(0, -1);
    return `${local}${offset < 0 ? "-" : "+"}${two(offset / 60)}:${two(offset % 60)}`;
  };

  const changed = (state = queue.state) => {
    queue.state = state;
    document.dispatchEvent(new CustomEvent("yimai:queue"));
  };

  const load = async () => {
    const all = await yimai.store.all("queue");
    queue.mine = all.filter((entry) => entry.person === yimai.person());
    queue.others = all.filter((entry) => entry.person !== yimai.person());
    changed();
  };

  const told = async () => {
    await load();
    if (others) others.postMessage("queue");
  };

  const unit = (field) => (field.closest(".measured")?.querySelector(".unit") || { textContent: "" }).textContent.trim();
  const name = (field) => (field.labels && field.labels[0] ? field.labels[0].textContent.trim() : field.getAttribute("aria-label") || field.name);

  /** What a form says, for people: each visible field's label and value. */
  const summary = (form) => [...form.elements]
    .filter((field) => field.name && field.type !== "hidden" && field.type !== "submit" && !yimai.kept.isSecret(field))
    .filter((field) => (field.type === "checkbox" || field.type === "radio" ? field.checked : field.value))
    .map((field) => [name(field), field instanceof HTMLSelectElement ? field.selectedOptions[0].textContent.trim()
      : field.type === "radio" || field.type === "checkbox" ? "✓" : `${field.value} ${unit(field)}`.trim()]);

  /** What stands in the place of a form whose entry waits. */
  queue.note = (entry) => {
    const shown = yimai.element("div", "waiting-note", "", { role: "status", tabindex: "-1" });
    shown.append(yimai.element("strong", "", yimai.say("queue.added", { time: yimai.clock(entry.at) })));
    for (const [label, value] of entry.summary) shown.append(yimai.element("span", "said", `${label}: ${value}`));
    const [, back] = entry.fields.find(([name]) => name === "next") || [];
    if (back && back.startsWith("/")) shown.append(yimai.element("a", "button quiet", yimai.say("queue.back"), { href: back }));
    return shown;
  };

  const settled = (form, entry) => {
    form.dataset.settled = "";
    const note = queue.note(entry);
    const wasHere = form.contains(document.activeElement);
    form.replaceWith(note);
    if (wasHere) note.focus(); // who types elsewhere by now goes on typing there
  };

  /** Whether an entry under this idempotency id lies in the queue or is on its way into it: a second tap adds nothing. */
  const waits = (command) => adding.has(command) || queue.mine.some((each) => each.command === command);

  /** Put a plain form behind what waits. */
  queue.add = async (form, fields) => {
    if (fields.some(([, value]) => typeof value !== "string" && value.size)) return yimai.act.notice(form, yimai.say("queue.file"));
    const secret = new Set([...form.elements].filter((field) => field.name && yimai.kept.isSecret(field)).map((field) => field.name));
    if (!yimai.person() || [...secret].some((name) => fields.some(([each, value]) => each === name && typeof value === "string" && value))) {
      return yimai.act.notice(form, yimai.say("gate.lost"));
    }
    const entry = {
      command: form.elements.command ? form.elements.command.value : "", person: yimai.person(), act: form.dataset.act, action: form.action,
      title: form.dataset.title || (form.querySelector("legend, h1, h2, h3") || { textContent: form.dataset.act }).textContent.trim(),
      page: location.pathname + location.search, at: Date.now(), occurred: moment(), summary: summary(form), question: null,
      fields: fields.filter(([name, value]) => typeof value === "string" && !secret.has(name) && !["csrfmiddlewaretoken", "occurred", "sent"].includes(name)),
    };
    try {
      if (!entry.command || !waits(entry.command)) {
        adding.add(entry.command);
        entry.place = await yimai.store.put("queue", entry);
      }
    } catch {
      adding.delete(entry.command);
      return yimai.act.notice(form, yimai.say("queue.full"));
    }
    await yimai.kept.forget(form);
    settled(form, entry);
    await told();
    return replay();
  };

  const drop = async (entry) => {
    await yimai.store.remove("queue", entry.place);
    await told();
  };

  const asks = async (entry, response) => {
    entry.question = { status: response.status, answer: response.answer, html: response.answer ? response.html : "" };
    await yimai.store.put("queue", entry);
    yimai.tone("attention");
    changed("question");
    await told();
  };

  /** Send one entry; whether the next may follow. */
  const one = async (entry) => {
    const fields = [...entry.fields, ["occurred", entry.occurred], ["sent", moment()]];
    const response = await yimai.act.ask(entry.action, fields, "queued");
    if (!response || response.status >= 500) {
      if (!response) yimai.link.fail();
      retry = setTimeout(replay, (backoff = Math.min(backoff * 2, 60000)));
      changed("idle");
      return false;
    }
    backoff = 2000;
    if (response.answer === "done") {
      await drop(entry);
      return true;
    }
    if (response.status === 401) {
      queue.signIn = response.location || yimai.act.signIn();
      changed("sign-in");
      return false;
    }
    if (response.status === 429) {
      retry = setTimeout(replay, (response.retry || 30) * 1000);
      return false;
    }
    await asks(entry, response);
    return false;
  };

  const sendAll = async () => {
    await load();
    const first = queue.mine.length;
    if (!first || yimai.link.lost) return;
    const session = await yimai.act.session();
    if (!session) return;
    if (session.person !== yimai.person()) {
      queue.signIn = yimai.act.signIn();
      changed("sign-in");
      return;
    }
    while (queue.mine.length && !yimai.link.lost) {
      if (queue.mine[0].question) return changed("question");
      changed("sending");
      if (!(await one(queue.mine[0]))) return;
    }
    changed("idle");
    if (first && !queue.mine.length) document.dispatchEvent(new CustomEvent("yimai:sent", { detail: { number: first } }));
  };

  const replay = async () => {
    clearTimeout(retry);
    if (sending) return;
    sending = true;
    try {
      if (navigator.locks) await navigator.locks.request("yimai-queue", { ifAvailable: true }, (lock) => lock && sendAll());
      else await sendAll();
    } catch {
      changed("idle"); // the browser keeps nothing: there is nothing to send
    } finally {
      sending = false;
    }
  };
  queue.replay = replay;

  /** The server's answer to a question's own form. */
  queue.answered = async (place, response) => {
    const entry = queue.mine.find((each) => each.place === place);
    if (!entry) return;
    if (response.answer === "done") {
      await drop(entry);
      await replay();
    } else if (response.status === 401) {
      queue.signIn = response.location || yimai.act.signIn();
      changed("sign-in");
    } else await asks(entry, response);
  };

  /** A person settled it without asking the server. */
  queue.settle = async (place) => {
    const entry = queue.mine.find((each) => each.place === place);
    if (entry) await drop(entry);
    await replay();
  };

  document.addEventListener("yimai:link", (event) => event.detail.lost || replay());
  if (others) others.addEventListener("message", () => load().catch(() => {}));
  load().then(replay, () => {});
})();
