/* The scanner, on every staff page: a barcode gun that types like a keyboard, heard on the whole document.

   HOW A FLOOR PAGE USES IT
   ------------------------
   <main data-scan-url="/pick/FO-1-1/scan" data-scan-task="FO-1-1"> … </main>
   Each code is POSTed there (form-encoded, one at a time, in order) with the fields
       code            what was read, prefix and suffix taken off
       gtin, lot, expires_on (ISO), serial, quantity      when a GS1 code or a GTIN said so
       typed           "1" when a person typed it (say so in the audit)
       scanned_at      ISO instant on the device (it may be minutes old after a dead network)
       task            data-scan-task
   and the headers Idempotency-Key (one per scan; the same key means the same scan), X-CSRFToken and
   Accept: application/json. A check digit that is wrong never reaches the server ("misread").

   The server answers 200 with JSON:
       result    "ok"       counted: high tone, green frame
                 "look"     right thing, wrong place, or a question: amber tone, counted or not as `detail` says
                 "wrong"    nothing was counted: low double tone, full-screen refusal until acknowledged
                 "unknown"  nobody knows this code: as wrong
       title     under 10 words: "5120 Linen tea towel", "Wrong item. Put the green mug back."
       detail    what was not done and what to do now (optional)
       got, want {sku, name, image?, note?}: shown side by side on a refusal (optional)
       ack       label of the button that takes the refusal away: "OK, scan 4427" (optional)
       undo_url  POST there takes this scan back (optional; makes the Undo button of the trail)
       html      new content of the element with id="scan-view" (optional; htmx attributes in it work)
       next_url  go there when the answer has been shown (optional)
   A refusal of the house (4xx problem document) is shown like "wrong" with its title and detail.
   5xx, no network, or a session that ended keep the scan in the queue.

   Parts of the page it knows, all optional: #scan-view (swapped), [data-trail] (an <ol class="trail">),
   [data-net] (network chip), [data-unsent] (how many wait), [data-command=short|done|ok] (what the
   printed cards OMS-SHORT, OMS-DONE and OMS-OK press), #scan-help (dialog of OMS-HELP),
   form[data-scan-type] (hand entry: its `code` input is sent as typed), data-scan-gtin="off" on
   <main> (codes of digits are house numbers: no check digit).
   A text field keeps its scans when it carries data-scan-ok. A list that is chosen from by letters (a select, a
   listbox, a menu) keeps what is typed while it has the focus, however fast: it is a name, not a code. Without data-scan-url a scan is
   looked up from any page at <body data-find-url>. Others may listen to the events oms:scan and
   oms:answer on document, or call oms.scan(code). */
(() => {
  "use strict";
  const DEFAULTS = { gap: 35, shortest: 4, silence: 80, prefix: "", suffix: "", volume: 60, vibrate: true };
  const settings = (() => {
    // The person's own wishes first, then what this device needs.
    const wishes = JSON.parse(document.body?.dataset.scanSettings || "{}");
    try { return { ...DEFAULTS, ...wishes, ...JSON.parse(localStorage.getItem("oms-scanner") ?? "{}") }; } catch { return { ...DEFAULTS, ...wishes }; }
  })();
  const $ = (selector, root = document) => root.querySelector(selector);
  const TEXT = "input:not([type=checkbox]):not([type=radio]):not([type=button]):not([type=submit]), textarea, [contenteditable]";
  const CHOOSING = "select, [role=listbox], [role=combobox], [role=menu], [role=tree]";
  const SAME_WITHIN = 400;

  /* ── senses ─────────────────────────────────────────────────────────── */
  let audio = null;
  const tone = (at, hertz, ms, shape = "sine") => {
    const voice = audio.createOscillator(), loud = audio.createGain();
    voice.type = shape; voice.frequency.value = hertz;
    const start = audio.currentTime + at / 1000, top = (settings.volume / 100) * (shape === "square" ? 0.35 : 0.9);
    loud.gain.setValueAtTime(0.0001, start);
    loud.gain.exponentialRampToValueAtTime(Math.max(top, 0.0002), start + 0.008);
    loud.gain.setValueAtTime(Math.max(top, 0.0002), start + ms / 1000 - 0.015);
    loud.gain.exponentialRampToValueAtTime(0.0001, start + ms / 1000);
    voice.connect(loud).connect(audio.destination);
    voice.start(start); voice.stop(start + ms / 1000 + 0.02);
  };
  const SENSES = {
    ok: { tones: [[0, 1568, 90]], shake: [30] },
    look: { tones: [[0, 740, 120], [150, 740, 120]], shake: [60, 60, 60] },
    wrong: { tones: [[0, 196, 220, "square"], [280, 147, 320, "square"]], shake: [250, 100, 250] },
    kept: { tones: [[0, 523, 60]], shake: [20] },
  };
  const feel = (name) => {
    const sense = SENSES[name] ?? SENSES.wrong;
    document.documentElement.dataset.lastTone = name;
    if (settings.vibrate && navigator.userActivation?.hasBeenActive) navigator.vibrate?.(sense.shake);
    if (!settings.volume) return;
    try {
      audio ??= new AudioContext();
      if (audio.state === "suspended") audio.resume();
      for (const one of sense.tones) tone(...one);
    } catch { /* no sound on this device: the frame and the shake remain */ }
  };
  const frame = (name) => {
    const view = $("main"); if (!view) return;
    view.dataset.flash = name;
    clearTimeout(frame.timer);
    frame.timer = setTimeout(() => { delete view.dataset.flash; }, 900);
  };

  /* ── trail ──────────────────────────────────────────────────────────── */
  const trail = [];
  const SIGN = { ok: ["done", "circle-check"], look: ["look", "alert-triangle"], wrong: ["stop", "hand-stop"], kept: ["wait", "circle-dashed"] };
  const icon = (name) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"), use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    svg.setAttribute("class", "i"); svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `${document.body.dataset.icons}#${name}`); svg.append(use);
    return svg;
  };
  const make = (tag, text, attributes = {}) => {
    const node = document.createElement(tag);
    if (text) node.textContent = text;
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  };
  const draw = () => {
    const list = $("[data-trail]"); if (!list) return;
    list.replaceChildren(...trail.slice(0, 10).map((entry) => {
      const [tint, sign] = SIGN[entry.state] ?? SIGN.wrong;
      const row = make("li", "", { "data-tone": tint });
      const said = make("span", entry.title);
      if (entry.undone) { said.className = "was"; said.append(make("span", ", taken back", { class: "vh" })); }
      const end = make("span", "", { class: "row nowrap" });
      if (entry.undo_url && !entry.undone) {
        const undo = make("button", "Undo", { type: "button", class: "btn btn-sm", "aria-label": `Undo ${entry.title}` });
        undo.addEventListener("click", () => undoEntry(entry));
        end.append(undo);
      }
      end.append(make("time", entry.at.toTimeString().slice(0, 8), { datetime: entry.at.toISOString() }));
      row.append(icon(sign), said, end);
      return row;
    }));
  };
  const note = (entry) => { trail.unshift({ at: new Date(), ...entry }); trail.length = Math.min(trail.length, 30); draw(); return trail[0]; };
  const undoEntry = (entry) => {
    if (!entry?.undo_url || entry.undone || entry.undoing) return;
    entry.undoing = true;
    queue.add({ url: entry.undo_url, fields: { undo: "1" }, undoes: entry.title });
  };

  /* ── refusal: takes the screen and stays ────────────────────────────── */
  let refusal = null, acknowledged = () => {};
  const versus = (answer) => {
    const both = make("div", "", { class: "versus" });
    for (const [what, label, sign] of [[answer.got, "You scanned", "x"], [answer.want, "Take this", "check"]]) {
      const box = make("div"), head = make("span", "", { class: "k" });
      head.append(icon(sign), label); box.append(head);
      if (what?.image) box.append(make("img", "", { src: what.image, alt: what.name ?? "", width: 88, height: 88 }));
      box.append(make("bdi", what?.sku ?? "—", { class: "sku" }), make("small", [what?.name, what?.note].filter(Boolean).join(", ")));
      both.append(box);
    }
    return both;
  };
  const refuse = (answer) => new Promise((done) => {
    refusal?.remove();
    refusal = make("dialog", "", { class: "refusal", role: "alertdialog", "aria-labelledby": "refusal-title", "aria-describedby": "refusal-detail" });
    const body = make("div", "", { class: "refuse" }), words = make("div");
    words.append(make("h2", answer.title, { id: "refusal-title" }));
    const detail = make("p", answer.detail || "Nothing was counted.", { id: "refusal-detail" });
    const ok = make("button", "", { type: "button", class: "btn btn-go btn-ack", "data-ack": "" });
    ok.append(icon("check"), answer.ack || "OK, scan again");
    body.append(words); if (answer.got || answer.want) body.append(versus(answer));
    body.append(detail, ok, make("p", "The OK card can be scanned too. Scans before OK are not counted.", { class: "refuse-foot" }));
    refusal.append(body);
    refusal.addEventListener("cancel", (e) => e.preventDefault());
    acknowledged = () => { refusal.close(); refusal.remove(); refusal = null; acknowledged = () => {}; done(); };
    ok.addEventListener("click", () => acknowledged());
    document.body.append(refusal);
    refusal.showModal(); ok.focus();
  });

  /* ── talking to the server ──────────────────────────────────────────── */
  const token = () => $("meta[name=csrf-token]")?.content ?? "";
  const deliver = async (item) => {
    let response;
    try {
      response = await fetch(item.url, {
        method: "POST", credentials: "same-origin", redirect: "manual", body: new URLSearchParams(item.fields),
        headers: { "Idempotency-Key": item.key, "X-CSRFToken": token(), Accept: "application/json", "X-Scanner": "1" },
      });
    } catch { return { sent: false }; }
    if (response.type === "opaqueredirect" || response.status === 401) return { sent: false, signedOut: true };
    if (response.status >= 500 || response.status === 429) return { sent: false };
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return { sent: true, answer };
    return { sent: true, answer: { result: "wrong", title: answer.title || "Refused.", detail: answer.detail || "Nothing was counted." } };
  };
  const swap = (html) => {
    const view = $("#scan-view"); if (!view || html === undefined) return;
    view.innerHTML = html;
    window.htmx?.process(view);
    document.dispatchEvent(new CustomEvent("oms:swapped", { detail: { view } }));
    draw();
  };
  const say = (text, urgent) => { const live = $(urgent ? "#live-now" : "#live"); if (live) live.textContent = text; };
  const onAnswer = async (item, answer) => {
    const state = answer.result === "ok" || answer.result === "look" ? answer.result : "wrong";
    document.dispatchEvent(new CustomEvent("oms:answer", { detail: { item, answer } }));
    const entry = item.undoes ? trail.find((other) => other.undo_url === item.url) : trail.find((other) => other.key === item.key);
    if (item.undoes) { if (entry) { entry.undoing = false; entry.undone = state === "ok"; } note({ state, title: answer.title || `Took back ${item.undoes}` }); }
    else Object.assign(entry ?? note({ key: item.key }), { state, title: answer.title || item.fields.code, undo_url: answer.undo_url });
    swap(answer.html);
    draw(); feel(state); frame(state);
    say([answer.title, answer.detail].filter(Boolean).join(". "), state === "wrong");
    if (state === "wrong") await refuse(answer);
    if (answer.next_url) location.assign(answer.next_url);
  };
  const onChange = ({ unsent, offline, signedOut }) => {
    for (const node of document.querySelectorAll("[data-unsent]")) {
      node.hidden = !(unsent && (offline || signedOut)); node.textContent = `${unsent} unsent`;
    }
    for (const node of document.querySelectorAll("[data-net]")) node.dataset.net = signedOut ? "out" : offline || !navigator.onLine ? "off" : "on";
    if (signedOut) say("You were signed out. Sign in again: your scans are kept and will be sent.", true);
    if (offline && !onChange.told) feel("kept");
    onChange.told = offline;
  };
  const queue = new window.oms.Queue({ user: document.body.dataset.user ?? "", deliver, onAnswer, onChange, paused: () => refusal !== null });

  /* ── one code, however it came ──────────────────────────────────────── */
  const press = (name) => { const button = $(`[data-command="${name}"]`); if (button && button.getAttribute("aria-disabled") !== "true") button.click(); else note({ state: "look", title: `Nothing to do for ${name}` }); };
  const COMMANDS = {
    "OMS-OK": () => (refusal ? acknowledged() : press("ok")),
    "OMS-UNDO": () => undoEntry(trail.find((entry) => entry.undo_url && !entry.undone && !entry.undoing)),
    "OMS-SHORT": () => press("short"),
    "OMS-DONE": () => press("done"),
    "OMS-HELP": () => $("#scan-help")?.showModal(),
  };
  let last = { code: "", at: -Infinity };
  const strip = (raw) => {
    let code = raw;
    if (settings.prefix && code.startsWith(settings.prefix)) code = code.slice(settings.prefix.length);
    if (settings.suffix && code.endsWith(settings.suffix)) code = code.slice(0, -settings.suffix.length);
    return code;
  };
  const lookUp = (said) => {
    const find = document.body.dataset.findUrl;
    if (find) location.assign(`${find}?scanned=1&q=${encodeURIComponent(said.gtin || said.code)}`);
  };
  const scan = (raw, { typed = false } = {}) => {
    const code = strip(raw), now = performance.now();
    if (!code) return;
    const command = COMMANDS[code.toUpperCase()];
    if (!command && refusal) { feel("wrong"); say("Not counted. Acknowledge the refusal first.", true); return; }
    if (!typed && code === last.code && now - last.at < SAME_WITHIN) return;
    last = { code, at: now };
    if (command) { command(); return; }
    const main = $("main[data-scan-url]");
    const said = window.oms.codes.parse(code);
    if (main?.dataset.scanGtin === "off" && /^\d+$/.test(said.code)) said.misread = false;
    const heard = new CustomEvent("oms:scan", { cancelable: true, detail: { ...said, typed } });
    if (!document.dispatchEvent(heard)) return;
    if (said.misread) { note({ state: "look", title: "Misread. Scan again." }); feel("look"); frame("look"); say("Misread. Scan again.", true); return; }
    if (!main) { lookUp(said); return; }
    const fields = { code: said.code, scanned_at: new Date().toISOString(), task: main.dataset.scanTask ?? "" };
    for (const name of ["gtin", "lot", "expires_on", "serial", "quantity"]) if (said[name]) fields[name] = said[name];
    if (typed) fields.typed = "1";
    const entry = note({ state: "kept", title: said.code });
    queue.add({ url: main.dataset.scanUrl, fields }).then((item) => { entry.key = item.key; });
  };

  /* ── hearing a burst ────────────────────────────────────────────────── */
  let burst = null, timer = 0;
  const fieldState = (el) => (el && "value" in el ? { el, value: el.value, start: el.selectionStart, end: el.selectionEnd } : null);
  const meanGap = () => (burst.times.length < 2 ? Infinity : (burst.times.at(-1) - burst.times[0]) / (burst.times.length - 1));
  const isBurst = () => burst && burst.keys.length >= settings.shortest && meanGap() <= settings.gap;
  const giveBack = () => {
    // The first letters reached the field before anybody could know; it gets its old text back.
    const was = burst.field; if (!was || burst.cleaned) return;
    was.el.value = was.value;
    try { was.el.setSelectionRange(was.start, was.end); } catch { /* number and date fields have no selection */ }
    was.el.dispatchEvent(new Event("input", { bubbles: true }));
    burst.cleaned = true;
  };
  const end = (terminator) => {
    clearTimeout(timer);
    const done = burst && isBurst() ? burst : null;
    if (done) document.dispatchEvent(new CustomEvent("oms:burst", { detail: { code: done.keys.join(""), times: done.times, terminator } }));
    burst = null;
    if (done) scan(done.keys.join(""));
    return Boolean(done);
  };
  const letterOf = (e) => {
    if (e.key === window.oms.codes.FNC1 || (e.ctrlKey && e.key === "]")) return window.oms.codes.FNC1;
    if (e.key.length !== 1 || e.metaKey || (e.ctrlKey && !e.altKey)) return null;
    return e.key;
  };
  document.addEventListener("keydown", (e) => {
    if (e.isComposing || e.repeat) return;
    const target = e.target instanceof Element ? e.target.closest(TEXT) : null;
    if (target?.closest("[data-scan-ok]") || e.target.closest?.(CHOOSING)) { clearTimeout(timer); burst = null; return; }
    if ((e.key === "Enter" || e.key === "Tab") && isBurst()) { e.preventDefault(); e.stopImmediatePropagation(); giveBack(); end(e.key); return; }
    const letter = letterOf(e);
    if (letter === null) { if (e.key !== "Shift" && e.key !== "Control" && e.key !== "Alt" && e.key !== "AltGraph") burst = null; return; }
    if (burst && e.timeStamp - burst.times.at(-1) > settings.silence) burst = null;
    burst ??= { keys: [], times: [], field: fieldState(target), cleaned: false };
    burst.keys.push(letter); burst.times.push(e.timeStamp);
    if (isBurst()) { e.preventDefault(); e.stopPropagation(); giveBack(); }
    clearTimeout(timer);
    timer = setTimeout(() => end("silence"), settings.silence + 5);
  }, true);

  document.addEventListener("submit", (e) => {
    if (!e.target.matches("form[data-scan-type]")) return;
    e.preventDefault();
    const input = e.target.elements.code;
    if (input.value.trim()) scan(input.value.trim(), { typed: true });
    input.value = "";
    e.target.closest("dialog")?.close();
  });
  document.addEventListener("DOMContentLoaded", draw);
  addEventListener("offline", () => queue.changed());
  addEventListener("online", () => queue.changed());

  Object.assign(window.oms, {
    scan, feel, say, icon, settings,
    reading: () => Boolean(burst && burst.keys.length > 1 && meanGap() <= settings.gap),
    saveSettings(changes) { Object.assign(settings, changes); try { localStorage.setItem("oms-scanner", JSON.stringify(settings)); } catch { /* private mode: it holds for this page */ } },
    defaults: DEFAULTS, queue,
  });
})();
