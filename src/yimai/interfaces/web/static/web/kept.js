// Keeps what is typed into a form on this tablet, for the person signed in, and brings it back after a reload or a killed tab.
"use strict";
(() => {
  const AFTER = 300; // milliseconds of pause
  const LONGEST = 12 * 3600 * 1000;
  const SECRET = /password|one-time-code/;
  const timers = new Map();

  const isKept = (form) => Boolean(yimai.person()) && form.matches("form[data-act]:not([data-once])") && !form.closest("[data-question]");

  const isSecret = (field) =>
    field.type === "password" || field.type === "file" || SECRET.test(field.autocomplete || "") || field.dataset.secret !== undefined;

  /** Fields whose values may lie on the tablet. A match of identities is scanned anew: its scans are not kept. */
  const fields = (form) => [...form.elements].filter((field) =>
    field.name && !isSecret(field) && field.matches("input:not([type=hidden], [type=submit], [type=button]), textarea, select") &&
    (field.dataset.scan === undefined || form.dataset.gate === "plain"));

  const keyOf = (form) => {
    // Only among its equals is a form's place part of its key: others are replaced when their entries wait.
    const same = [...document.querySelectorAll("form[data-act]")].filter((each) => each.action === form.action);
    const address = new URL(form.action).pathname + new URL(form.action).search;
    return [yimai.person(), location.pathname + location.search, form.dataset.act, address, same.indexOf(form)].join("\n");
  };

  const isDrawn = (field) => {
    if (field.type === "checkbox" || field.type === "radio") return field.checked === field.defaultChecked;
    if (field instanceof HTMLSelectElement) {
      const drawn = [...field.options].find((each) => each.defaultSelected) || field.options[0];
      return !drawn || field.value === drawn.value;
    }
    return field.value === field.defaultValue;
  };

  const valueOf = (field) => (field.type === "checkbox" || field.type === "radio" ? field.checked : field.value);

  const keep = async (form) => {
    timers.delete(form);
    if (!form.isConnected || form.dataset.settled !== undefined) return;
    const all = fields(form);
    if (!all.length) return;
    const typed = form.dataset.bound === undefined ? all.filter((field) => !isDrawn(field)) : all.filter(valueOf);
    const values = typed.map((field) => [field.name, field.value, valueOf(field)]);
    const command = form.elements.command ? form.elements.command.value : "";
    const key = keyOf(form);
    if (values.length) await yimai.store.put("kept", { key, person: yimai.person(), at: Date.now(), values, command });
    else await yimai.store.remove("kept", key);
  };

  const soon = (form) => {
    clearTimeout(timers.get(form));
    timers.set(form, setTimeout(() => keep(form).catch(() => {}), AFTER));
  };

  const put = (field, value) => {
    if (field.type === "checkbox" || field.type === "radio") field.checked = value;
    else field.value = value;
  };

  const note = (form, at, drawn) => {
    const shown = yimai.element("p", "kept-note", yimai.say("kept.back", { time: yimai.clock(at) }), { role: "status" });
    const discard = yimai.element("button", "button quiet", yimai.say("kept.discard"), { type: "button" });
    discard.addEventListener("click", async () => {
      form.reset();
      if (form.elements.command) form.elements.command.value = drawn;
      for (const field of fields(form)) field.dispatchEvent(new Event("input", { bubbles: true }));
      await yimai.kept.forget(form);
      shown.remove();
    });
    shown.append(" ", discard);
    form.prepend(shown);
  };

  const restore = async (form) => {
    form.dataset.looked = "";
    const found = await yimai.store.get("kept", keyOf(form));
    if (!found) return;
    if (Date.now() - found.at > LONGEST) return yimai.store.remove("kept", found.key);
    const drawn = form.elements.command ? form.elements.command.value : "";
    let back = 0;
    for (const [name, own, value] of found.values) {
      const named = fields(form).filter((field) => field.name === name && isDrawn(field));
      const field = named.find((each) => !["checkbox", "radio"].includes(each.type) || each.value === own);
      if (!field) continue;
      put(field, value);
      field.dispatchEvent(new Event("input", { bubbles: true }));
      back += 1;
    }
    if (!back) return undefined;
    if (form.elements.command && found.command) form.elements.command.value = found.command;
    note(form, found.at, drawn);
    return undefined;
  };

  const leftOver = async () => {
    for (const each of await yimai.store.all("kept")) {
      if (Date.now() - each.at > LONGEST) await yimai.store.remove("kept", each.key);
    }
  };

  yimai.kept = {
    isSecret,
    /** Whether a field says what the server drew. */
    isDrawn,
    /** Whether the form holds a file, or something about the patient's person: neither may lie on the tablet. */
    loses: (form) => [...form.elements].some((field) =>
      field.name && field.type !== "password" && field.type !== "hidden" && isSecret(field) && !isDrawn(field)),
    /** Keep a form that the server has drawn again as it stands now. */
    renew: (form) => (isKept(form) ? keep(form).catch(() => {}) : undefined),
    /** Forget what was kept of a form: it was recorded, queued or discarded. */
    forget: (form) => {
      clearTimeout(timers.get(form));
      return yimai.store.remove("kept", keyOf(form)).catch(() => {});
    },
    /** Forget everybody's typing on this tablet. */
    forgetAll: async () => {
      for (const each of await yimai.store.all("kept")) await yimai.store.remove("kept", each.key);
    },
    /** Whether anything typed on this page has not been sent. */
    isTyping: () => [...document.querySelectorAll("form[data-act]")].some((form) => isKept(form) && fields(form).some((field) => !isDrawn(field))),
  };

  const changed = (event) => {
    const form = event.target.form;
    if (!form || !isKept(form)) return;
    soon(form);
    if (event.type === "change") now(); // a tick is one touch: who reloads at once has nothing left to type
  };
  document.addEventListener("input", changed);
  document.addEventListener("change", changed);
  const now = () => timers.forEach((timer, form) => {
    clearTimeout(timer);
    keep(form).catch(() => {});
  });
  window.addEventListener("pagehide", now);
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && now());

  leftOver().catch(() => {});
  yimai.whenShown(() => {
    for (const form of document.querySelectorAll("form[data-act]:not([data-looked])")) {
      if (isKept(form) && form.dataset.bound === undefined) restore(form).catch(() => {});
    }
  });
})();
