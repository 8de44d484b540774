// What a code says, before anybody is asked: check digits (GTIN) and element strings (GS1).
// Pure functions on strings; nothing here touches the page.
(() => {
  "use strict";
  const FNC1 = "\u001d";
  // Application identifiers of fixed length (digits of data that follow the identifier).
  const FIXED = { "00": 18, "01": 14, "02": 14, "11": 6, "12": 6, "13": 6, "15": 6, "16": 6, "17": 6, "20": 2 };
  const NAMES = { "01": "gtin", "02": "gtin", "10": "lot", "17": "expires_on", "21": "serial", "30": "quantity", "37": "quantity" };
  const VARIABLE = new Set(["10", "21", "22", "30", "37", "240", "241", "400"]);

  const checkDigit = (digits) => {
    let sum = 0;
    for (let i = digits.length - 2, weight = 3; i >= 0; i--, weight = 4 - weight) sum += Number(digits[i]) * weight;
    return (10 - (sum % 10)) % 10;
  };
  const isGtin = (digits) => /^(\d{8}|\d{12,14})$/.test(digits) && checkDigit(digits) === Number(digits.at(-1));

  // A UPC-E label is a UPC-A with its zeros left out; the check digit belongs to the long form.
  const upcA = (e) => {
    const [n, a, b, c, d, x, last, check] = e;
    const body = "012".includes(last) ? a + b + last + "0000" + c + d + x
      : last === "3" ? a + b + c + "00000" + d + x
      : last === "4" ? a + b + c + d + "00000" + x
      : a + b + c + d + x + "0000" + last;
    return n + body + check;
  };

  const isoDay = (yymmdd) => {
    if (!/^\d{6}$/.test(yymmdd)) return null;
    const year = 2000 + Number(yymmdd.slice(0, 2)), month = Number(yymmdd.slice(2, 4));
    // GS1: a day of 00 means the last day of that month.
    const day = Number(yymmdd.slice(4)) || new Date(Date.UTC(year, month, 0)).getUTCDate();
    const at = new Date(Date.UTC(year, month - 1, day));
    return at.getUTCMonth() === month - 1 && at.getUTCDate() === day ? at.toISOString().slice(0, 10) : null;
  };

  const isVariable = (text, at) => {
    for (const length of [2, 3]) if (VARIABLE.has(text.slice(at, at + length))) return text.slice(at, at + length);
    return null;
  };

  const elements = (text) => {
    const found = {};
    for (let at = 0; at < text.length;) {
      if (text[at] === FNC1) { at += 1; continue; }
      const two = text.slice(at, at + 2);
      if (two in FIXED) {
        const data = text.slice(at + 2, at + 2 + FIXED[two]);
        if (data.length < FIXED[two]) return null;
        found[two] = data; at += 2 + FIXED[two];
        continue;
      }
      const ai = isVariable(text, at);
      if (!ai) return null;
      const end = text.indexOf(FNC1, at);
      found[ai] = text.slice(at + ai.length, end < 0 ? undefined : end);
      at = end < 0 ? text.length : end + 1;
    }
    return found;
  };

  const bracketed = (text) => {
    const found = {};
    for (const [, ai, data] of text.matchAll(/\((\d{2,4})\)([^(]*)/g)) found[ai] = data;
    return Object.keys(found).length ? found : null;
  };

  const gs1 = (raw) => {
    const marked = /^\](C1|e0|d2|Q3)/.test(raw);
    const text = raw.replace(/^\](C1|e0|d2|Q3)/, "");
    if (/^\(\d{2,4}\)/.test(text)) return bracketed(text);
    const looksSo = marked || text.includes(FNC1) || (/^01\d{14}/.test(text) && text.length > 16 && isGtin(text.slice(2, 16)));
    return looksSo ? elements(text) : null;
  };

  // parse("…") → {code, gtin?, lot?, expires_on?, serial?, quantity?, misread?}
  const parse = (raw) => {
    const text = raw.replace(/[\r\n\t]+$/, "").trim();
    const parts = gs1(text);
    if (parts) {
      const said = { code: text };
      for (const [ai, name] of Object.entries(NAMES)) if (parts[ai]) said[name] = parts[ai];
      if (said.expires_on) said.expires_on = isoDay(said.expires_on) ?? "misread";
      if (said.quantity) said.quantity = String(Number(said.quantity));
      said.misread = Boolean((said.gtin && !isGtin(said.gtin)) || said.expires_on === "misread");
      return said;
    }
    const plain = text.replace(/^\][A-Za-z]\d/, "");
    if (/^\]/.test(text) && plain === "") return { code: text, misread: true };
    if (/^(\d{8}|\d{12,14})$/.test(plain)) {
      const good = isGtin(plain) || (plain.length === 8 && "01".includes(plain[0]) && isGtin(upcA(plain)));
      return { code: plain, gtin: good ? plain : undefined, misread: !good };
    }
    return { code: plain, misread: false };
  };

  window.oms = Object.assign(window.oms ?? {}, { codes: { parse, isGtin, checkDigit, FNC1 } });
})();
