// Our own identifiers and what a scan of a label says, as domain/identifier.py and domain/label_code.py have them
// (docs/identifiers.md). The server reads every scan again: this only answers sooner.
"use strict";
window.yimai = window.yimai || {};
(() => {
  const VALUES = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*";
  const NOUNS = {
    T: "treatment", W: "wristband", C: "collection", K: "container", X: "shipment",
    B: "batch", S: "sample", D: "deviation", E: "excursion", P: "permit",
  };
  const MISREAD = { O: "0", I: "1", L: "1" };
  const mended = (text) => text.replace(/[OIL]/g, (each) => MISREAD[each]);
  const FORM = /^(?:01\d{14}21(?<serial>[0-9A-Z]{10})(?:91(?<beside>[0-9A-Z]{3}))?|91(?<own>[0-9A-Z]{13})|(?<code>[0-9A-Z]{13})|(?<item>[0-9A-Z]{10}))$/;
  /** How a scanner's US keys come out on QWERTZ and AZERTY, undone: only to tell people what is wrong. */
  const LAYOUTS = [["YZyz", "ZYzy"], ["à&é\"'(-è_çAQZWaqzw?,", "0123456789QAWZqawzMm"]];
  const translated = (text, [from, to]) => [...text].map((each) => (from.includes(each) ? to[from.indexOf(each)] : each)).join("");

  /** ISO 7064 MOD 37-2, over an identifier. */
  const fits = (text) => {
    let remainder = 0;
    for (const each of text) {
      const value = VALUES.indexOf(each);
      if (value < 0) return false;
      remainder = (remainder * 2 + value) % 37;
    }
    return remainder === 1;
  };

  /** ISO 7064 MOD 37,36, over a label code. */
  const fitsWithCopy = (text) => {
    let product = 36;
    for (const each of text.slice(0, -1)) product = (((product + VALUES.indexOf(each)) % 36 || 36) * 2) % 37;
    return (product + VALUES.indexOf(text[text.length - 1])) % 36 === 1;
  };

  /** Capital letters and digits as they would have been scanned, without what scanners put around them. */
  const plain = (text) => text.normalize("NFKC").replace(/[\s\u001c-\u001f\u0085]/g, "").replace(/^\][A-Za-z][0-9]/, "")
    .replace(/<GS>|\{GS\}|\^\]|<FNC1>/gi, "").replace(/[-()\p{C}]/gu, "").toUpperCase();

  const ours = (text) => {
    const form = FORM.exec(text);
    if (!form) return null;
    const { serial, beside = "", own, code, item } = form.groups;
    const whole = own || code || (serial || item) + beside;
    const identifier = mended(whole.slice(0, 10));
    const noun = fits(identifier) && NOUNS[identifier[0]];
    if (!noun) return null;
    if (whole.length === 10) return { noun, identifier, copy: null, text: identifier };
    const copy = mended(whole.slice(10, 12));
    const label = identifier + copy + whole[12];
    return /^(?:0[1-9]|[1-9]\d)$/.test(copy) && fitsWithCopy(label) ? { noun, identifier, copy: Number(copy), text: label } : null;
  };

  const grouped = (text) => (text.length >= 10 ? `${text.slice(0, 4)}-${text.slice(4, 8)}-${text.slice(8, 10)}` : text);

  /** The batch or lot in a manufacturer's GS1 code, or null. */
  const lotOf = (text) => {
    const found = /(?:^|\u001d|\(01\)\d{14}|01\d{14}|(?:\(1[1-7]\)|1[1-7])\d{6})(?:\(10\)|10)([^\u001d(]{1,20})/.exec(text.replace(/^\][A-Za-z]\d/, ""));
    return /^(?:\][A-Za-z]2|\(01\)|01\d{14})/.test(text) && found ? found[1] : null;
  };

  /**
   * What was scanned or typed: {noun, identifier, copy, text, problem, lot}. noun is null for what is not ours; then problem
   * may say "check" (a character is wrong), "short" or "keyboard" (the scanner is set for another layout). text is what
   * goes into a field: the label code, the identifier, or what another's code says.
   */
  yimai.read = (raw) => {
    const bare = plain(raw);
    const found = ours(bare);
    if (found) return { ...found, problem: null, lot: null };
    const other = { noun: null, identifier: null, copy: null, text: raw.normalize("NFKC").replace(/^\][A-Za-z]\d/, "").replace(/\p{C}/gu, " ").trim(), lot: lotOf(raw) };
    if (LAYOUTS.some((layout) => ours(plain(translated(raw, layout))))) return { ...other, problem: "keyboard" };
    if (/^[0-9A-Z]+$/.test(bare) && bare[0] in NOUNS) {
      if (bare.length === 10 || bare.length === 13) return { ...other, text: grouped(bare) + bare.slice(10), problem: "check" };
      if (bare.length > 6 && bare.length < 26) return { ...other, problem: "short" };
    }
    return { ...other, problem: null };
  };
  /** Whether two texts name the same thing, however each is typed. */
  const same = (one, other) => mended(plain(one)) === mended(plain(other));
  yimai.identifier = { grouped, same, ours: Object.values(NOUNS) };
})();
