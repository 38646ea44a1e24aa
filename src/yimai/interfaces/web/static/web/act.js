// Sends forms with data-act and shows the answer in their place, as docs/offline.md agrees.
"use strict";
(() => {
  const WITHIN = 20000;

  const body = (fields) => {
    const whole = new FormData();
    for (const [name, value] of fields) whole.append(name, value);
    const plain = fields.every(([, value]) => typeof value === "string");
    return plain ? new URLSearchParams(fields) : whole;
  };

  const csrf = () => {
    const meta = document.querySelector("meta[name=csrf]");
    return meta ? meta.content : "";
  };

  /** Who is signed in, and a new token for the page; null where the server does not answer. */
  const session = async () => {
    try {
      const response = await fetch(`${document.body.dataset.home}session`, { cache: "no-store" });
      if (!response.ok) return null;
      const found = await response.json();
      const meta = document.querySelector("meta[name=csrf]");
      if (meta) meta.content = found.csrf;
      return found;
    } catch {
      return null;
    }
  };

  /** POST; resolves with {status, answer, location, retry, html}, or null where no answer came. */
  const post = async (action, fields, how) => {
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort(), WITHIN);
    try {
      const response = await fetch(action, {
        method: "POST", body: body(fields.filter(([name]) => name !== "csrfmiddlewaretoken")), signal: giveUp.signal,
        headers: { "Yimai-Act": how, "X-CSRFToken": csrf() },
      });
      if (response.status >= 502 && response.status <= 504) return null;
      const header = (name) => response.headers.get(name) || "";
      return {
        status: response.status, answer: header("Yimai-Answer"), location: header("Yimai-Location"),
        retry: Number(header("Retry-After")) || 0, html: await response.text(),
      };
    } catch {
      return null;
    } finally {
      clearTimeout(timer);
    }
  };

  /** The same, and where the page's token is too old once more with a new one, unless somebody else has signed in since. */
  const ask = async (action, fields, how) => {
    const first = await post(action, fields, how);
    if (!first || first.status !== 403 || first.answer) return first;
    const found = await session();
    if (found && found.person && found.person !== yimai.person()) return { ...first, status: 401 };
    return found ? post(action, fields, how) : null;
  };

  /** Where one signs in and comes back here. */
  const signIn = () => `${document.body.dataset.signIn}?next=${encodeURIComponent(location.pathname + location.search)}`;

  /** A fragment's nodes, or the <main> of a whole page. */
  const nodes = (html) => {
    const parsed = new DOMParser().parseFromString(html, "text/html");
    const main = parsed.querySelector("main");
    return main ? { main } : { all: [...parsed.body.childNodes].map((node) => document.importNode(node, true)) };
  };

  const shown = (root) => {
    if (window.htmx && root) window.htmx.process(root);
    document.dispatchEvent(new CustomEvent("yimai:shown"));
  };

  const replace = (form, html) => {
    const { main, all } = nodes(html);
    if (main) {
      document.querySelector("main").replaceWith(document.importNode(main, true));
    } else {
      const place = form.closest("[data-panel]") || form;
      place.replaceWith(...all);
    }
    shown(document.querySelector("main"));
    const root = main ? document.querySelector("main") : all.find((node) => node.nodeType === Node.ELEMENT_NODE);
    const first = root && (root.querySelector("[data-focus]") || (root.matches("[role=alert]") ? root : root.querySelector("[role=alert]")) || root);
    if (first) {
      if (!first.matches("input, select, textarea, button, a[href], [tabindex]")) first.tabIndex = -1;
      first.focus();
      first.scrollIntoView({ block: "nearest" });
    }
    return root && (root.matches("form[data-act]") ? root : root.querySelector("form[data-act]"));
  };

  const EMPTIES = { "accounts.another_person": /./, "accounts.nothing_given": /-code$/, "accounts.wrong_code": /-code$/ };

  /** Where somebody's signature was refused, only what was wrong is typed again: a password goes from the page's old panel into its new one,
   * never through the server. A one-time code counts once, and another record is signed anew. */
  const keepSigned = (before, form) => {
    const problem = form.querySelector("[data-signer] [role=alert]");
    const record = (each) => each.elements.record && each.elements.record.value;
    if (!problem || record(before) !== record(form)) return;
    const refused = problem.closest("[data-signer]");
    const wrong = EMPTIES[problem.dataset.code] || /-(password|code|passkey)$/;
    for (const field of form.querySelectorAll("[data-signer] input")) {
      const old = before.elements[field.name];
      if (old && !field.name.endsWith("-code") && !(refused.contains(field) && wrong.test(field.name))) field.value = old.value;
    }
    const next = [...refused.querySelectorAll("input:not([type=hidden])")].find((field) => !field.value);
    if (next) next.focus();
  };

  /** Say beside a form why it was not done; link leads to what helps, in a tab of its own where it says so. */
  const notice = (form, text, link = null) => {
    let place = form.querySelector(".act-notice");
    if (!place) form.prepend((place = yimai.element("div", "act-notice refusal", "", { role: "alert" })));
    place.replaceChildren(yimai.element("p", "", text));
    if (link) {
      const tab = link.tab ? { target: "_blank", rel: "noopener" } : {};
      place.append(yimai.element("a", "button", link.text, { href: link.href, ...tab }));
    }
    place.scrollIntoView({ block: "nearest" });
  };

  const apply = async (form, response) => {
    yimai.answeredAt = performance.now();
    const question = form.closest("[data-question]");
    if (question) return yimai.queue.answered(Number(question.dataset.question), response);
    const { status, answer, location: to, html } = response;
    if (status === 401) {
      await yimai.kept.renew(form); // somebody who signed out in another tab has made this tablet forget it
      if (yimai.kept.loses(form)) { // what may not lie on the tablet stays on this page, and this page stays
        const home = `${document.body.dataset.signIn}?next=${encodeURIComponent(document.body.dataset.home)}`;
        return notice(form, yimai.say("act.sign-in-beside"), { href: home, text: yimai.say("act.sign-in-tab"), tab: true });
      }
      return notice(form, yimai.say("act.sign-in"), { href: to || signIn(), text: yimai.say("act.sign-in-link") });
    }
    if (answer === "done") {
      form.dataset.settled = "";
      await yimai.kept.forget(form);
      if (to) return location.assign(to);
      return html.trim() ? replace(form, html) : location.reload();
    }
    if (["sign", "conflict", "refused"].includes(answer)) {
      const made = replace(form, html);
      if (made && answer === "sign") keepSigned(form, made);
      return made && yimai.kept.renew(made); // under the form's new command, else what comes back would ask for the old one again
    }
    if (status === 413) return notice(form, yimai.say("act.too-large"));
    if (status === 429) return notice(form, yimai.say("act.later", { seconds: response.retry || 60 }));
    return notice(form, yimai.say(status >= 500 ? "act.unknown" : "act.odd", { status }));
  };

  const busy = (form, on) => {
    form.toggleAttribute("data-sending", on);
    form.setAttribute("aria-busy", String(on));
  };

  const submit = async (form, submitter) => {
    if (form.dataset.sending !== undefined) return undefined;
    const closed = yimai.link.closed(form);
    if (closed) return notice(form, closed);
    const fields = [...new FormData(form, submitter).entries()];
    const plain = form.dataset.gate === "plain" && !form.closest("[data-question]");
    if (plain && (yimai.link.lost || yimai.queue.mine.length)) return yimai.queue.add(form, fields);
    busy(form, true);
    const response = await ask(form.action, fields, "now");
    busy(form, false);
    if (response) return apply(form, response);
    yimai.link.fail();
    return plain ? yimai.queue.add(form, fields) : notice(form, yimai.say("act.unknown", { status: "" }));
  };

  yimai.act = { ask, session, signIn, nodes, shown, notice };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !form.matches("form[data-act]")) return;
    event.preventDefault();
    submit(form, event.submitter);
  });
})();
