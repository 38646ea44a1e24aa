// Passkeys: the browser signs what the page names, and the answer goes into the form. Whether it fits is the server's to say.
"use strict";
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const hexadecimal = (digits) => Uint8Array.from(digits.match(/../g), (each) => parseInt(each, 16));
  const named = (id) => ({ type: "public-key", id: bytes(id) });

  /** A credential as JSON, as WebAuthn level 3 writes it. */
  const written = (credential) => {
    const response = {};
    for (const name of ["clientDataJSON", "authenticatorData", "signature", "userHandle", "attestationObject"]) {
      if (credential.response[name]) response[name] = text(credential.response[name]);
    }
    if (credential.response.getTransports) response.transports = credential.response.getTransports();
    const { id, type } = credential;
    return JSON.stringify({ id, rawId: text(credential.rawId), type, response, clientExtensionResults: credential.getClientExtensionResults() });
  };

  /** A passkey's answer to the challenge; ids: of the passkeys that may answer, none for any. */
  const answer = async (challenge, ids) => written(await navigator.credentials.get({
    publicKey: { challenge, allowCredentials: ids.map(named), userVerification: "required" },
  }));

  const creation = ({ publicKey }) => ({
    publicKey: {
      ...publicKey, challenge: bytes(publicKey.challenge), user: { ...publicKey.user, id: bytes(publicKey.user.id) },
      excludeCredentials: (publicKey.excludeCredentials || []).map(({ id }) => named(id)),
    },
  });

  const list = (ids) => (ids || "").split(" ").filter(Boolean);
  const why = () => yimai.say(window.PublicKeyCredential ? "passkey.silent" : "passkey.missing");

  const challenged = async (form) => {
    const response = await fetch(form.dataset.passkeyAsks, { cache: "no-store" });
    return answer(bytes((await response.json()).challenge), list(form.dataset.passkeys));
  };

  const made = async (form) => written(await navigator.credentials.create(creation(JSON.parse(form.dataset.passkeyMakes))));

  /** Forms that are sent with a passkey's answer, or with a new passkey. */
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("form[data-passkey-asks], form[data-passkey-makes]")) return;
    event.preventDefault();
    const problem = form.querySelector("[data-passkey-problem]");
    problem.hidden = true;
    try {
      form.elements.credential.value = await (form.dataset.passkeyMakes ? made(form) : challenged(form));
      form.submit();
    } catch {
      problem.textContent = why();
      problem.hidden = false;
    }
  });

  const isComplete = (signer) => {
    const given = signer.querySelector("input[name$=-passkey]");
    return Boolean(given && given.value) || [...signer.querySelectorAll("input:not([type=hidden])")].every((field) => field.value);
  };

  /** In a signing panel the challenge is the hash of the record. Once everybody has signed, it is sent. */
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-passkey]");
    if (!button) return;
    const { form, dataset } = button;
    const signer = button.closest("[data-signer]");
    let said = signer.querySelector("[data-passkey-said]");
    if (!said) button.after((said = yimai.element("p", "", "", { role: "status", "data-passkey-said": "" })));
    try {
      form.elements[dataset.into].value = await answer(hexadecimal(dataset.challenge), list(dataset.passkey));
      said.className = "good";
      said.textContent = yimai.say("passkey.signed");
      if ([...form.querySelectorAll("[data-signer]")].every(isComplete)) form.requestSubmit(form.querySelector(".action-bar .primary"));
    } catch {
      said.className = "problem";
      said.textContent = why();
    }
  });
})();
