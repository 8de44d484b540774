// Behaviours of the staff pages. Nothing here is needed to read a page, follow a link or send a form.
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const root = document.documentElement;
  const token = () => $("meta[name=csrf-token]")?.content ?? "";
  const post = (url, fields) => fetch(url, {
    method: "POST", credentials: "same-origin", keepalive: true, body: new URLSearchParams(fields), headers: { "X-CSRFToken": token(), Accept: "application/json" },
  });
  const TYPING = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";

  /* ── theme: the server remembers it; data-theme on <html> applies it ── */
  document.addEventListener("click", (e) => {
    if (!e.target.closest("[data-theme-next]")) return;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    if (document.body.dataset.themeUrl) post(document.body.dataset.themeUrl, { theme: root.dataset.theme });
  });

  /* ── one click, one effect: a form goes once, its button says it is busy and keeps its width ── */
  document.addEventListener("submit", (e) => {
    const form = e.target;
    if (e.defaultPrevented || form.method === "dialog" || form.hasAttribute("data-again")) return;
    if (form.dataset.sent) { e.preventDefault(); e.stopImmediatePropagation(); return; }
    if ((form.getAttribute("method") ?? "get").toLowerCase() !== "post" && !form.hasAttribute("hx-post")) return;
    form.dataset.sent = "1";
    for (const button of [e.submitter, ...$$("button:not([type=button])", form)]) button?.setAttribute("aria-busy", "true");
    forgetDraft(form);
  });
  const ready = (form) => { delete form.dataset.sent; for (const b of $$("[aria-busy]", form)) b.removeAttribute("aria-busy"); };
  addEventListener("pageshow", () => { for (const form of $$("form[data-sent]")) ready(form); });
  document.addEventListener("click", (e) => {
    // A disabled button stays focusable and says its reason; pressing it does nothing.
    const off = e.target.closest("[aria-disabled=true]");
    if (off) { e.preventDefault(); e.stopImmediatePropagation(); window.oms?.say?.(off.title || off.getAttribute("aria-label") || "", false); }
  }, true);

  /* ── ticked rows: the bar itself is shown by CSS (:has); this keeps the number true ── */
  const count = (list) => {
    const all = $("thead input[type=checkbox]", list), rows = $$("tbody td:first-child input[type=checkbox]", list);
    const n = rows.filter((row) => row.checked).length;
    for (const out of $$("[data-n]", list)) out.textContent = n;
    for (const out of $$("[data-plural]", list)) out.hidden = n === 1;
    if (all) { all.checked = n > 0 && n === rows.length; all.indeterminate = n > 0 && n < rows.length; }
  };
  let lastTick = null;
  document.addEventListener("change", (e) => {
    const list = e.target.closest(".list"); if (!list || e.target.type !== "checkbox") return;
    if (e.target.closest("thead")) for (const row of $$("tbody td:first-child input[type=checkbox]", list)) row.checked = e.target.checked;
    count(list);
  });
  document.addEventListener("click", (e) => {
    const list = e.target.closest(".list"); if (!list) return;
    if (e.target.closest("[data-untick]")) { for (const row of $$("tbody input[type=checkbox]", list)) row.checked = false; count(list); }
    if (!e.target.matches("tbody input[type=checkbox]")) return;
    const rows = $$("tbody td:first-child input[type=checkbox]", list), at = rows.indexOf(e.target), from = rows.indexOf(lastTick);
    if (e.shiftKey && from >= 0) for (const row of rows.slice(Math.min(at, from), Math.max(at, from) + 1)) row.checked = e.target.checked;
    lastTick = e.target; count(list);
  });

  /* ── small things ── */
  document.addEventListener("click", async (e) => {
    const open = e.target.closest("[data-open]");
    if (open) { $(open.dataset.open)?.showModal(); return; }
    const dismiss = e.target.closest("[data-dismiss]");
    if (dismiss) { const notes = dismiss.closest(".notes"); dismiss.closest(".note").remove(); if (notes && !notes.children.length) notes.remove(); $("#main")?.focus(); return; }
    const shut = e.target.closest("[data-shut]");
    if (shut) { shut.closest("dialog")?.close(); return; }
    const copy = e.target.closest("[data-copy]");
    if (copy) {
      const text = $(copy.dataset.copy)?.innerText.trim() ?? "";
      try { await navigator.clipboard.writeText(text); } catch { selectAndCopy($(copy.dataset.copy)); }
      const label = $("[data-said]", copy); if (label) { label.textContent = "Copied"; setTimeout(() => { label.textContent = copy.dataset.label ?? "Copy answer"; }, 1500); }
      return;
    }
    const step = e.target.closest("[data-add]");
    if (step) {
      const input = $("input", step.closest(".stepper"));
      input.value = Math.max(Number(input.min || 0), Math.min(Number(input.max || Infinity), Number(input.value) + Number(step.dataset.add)));
      input.dispatchEvent(new Event("input", { bubbles: true }));
    }
  });
  const selectAndCopy = (node) => { const range = document.createRange(); range.selectNodeContents(node); getSelection().removeAllRanges(); getSelection().addRange(range); document.execCommand("copy"); };
  document.addEventListener("change", (e) => { if (e.target.matches("[data-go]")) e.target.form.requestSubmit(); });
  // Entries of a timeline by who made them.
  document.addEventListener("click", (e) => {
    const button = e.target.closest("[data-show]"); if (!button) return;
    const card = button.closest(".card");
    for (const other of $$("[data-show]", card)) other.setAttribute("aria-pressed", String(other === button));
    for (const row of $$("[data-by]", card)) row.hidden = Boolean(button.dataset.show) && row.dataset.by !== button.dataset.show;
  });

  /* ── drafts: a form with data-draft="name" is kept on the server while it is typed ── */
  const draftUrl = () => document.body.dataset.draftUrl;
  const draftFields = (form) => {
    const kept = {};
    for (const el of form.elements) {
      if (!el.name || ["hidden", "password", "file", "submit", "button"].includes(el.type)) continue;
      if (el.type === "checkbox" || el.type === "radio") { if (el.checked) kept[el.name] = el.value; } else kept[el.name] = el.value;
    }
    return kept;
  };
  const timers = new WeakMap();
  document.addEventListener("input", (e) => {
    const form = e.target.closest("form[data-draft]"); if (!form || !draftUrl()) return;
    clearTimeout(timers.get(form));
    timers.set(form, setTimeout(() => post(draftUrl(), { name: form.dataset.draft, fields: JSON.stringify(draftFields(form)) }).catch(() => {}), 600));
  });
  const forgetDraft = (form) => { if (form.dataset.draft) clearTimeout(timers.get(form)); };
  const nameDraft = (form) => { form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "draft", value: form.dataset.draft })); };
  const restoreDraft = async (form) => {
    const answer = await fetch(`${draftUrl()}?name=${encodeURIComponent(form.dataset.draft)}`, { credentials: "same-origin", headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer?.ok) return;
    const { fields } = await answer.json();
    const names = Object.keys(fields ?? {}).filter((name) => { const el = form.elements[name]; return el && "value" in el && el.value !== fields[name] && el.type !== "checkbox"; });
    if (!names.length) return;
    for (const name of names) form.elements[name].value = fields[name];
    const note = $("[data-draft-note]", form); if (note) note.hidden = false;
  };

  /* ── palette ── */
  const palette = () => $("#palette");
  const openPalette = (text = "") => {
    const box = palette(); if (!box) return;
    if (!box.open) box.showModal();
    const input = $("input", box); input.value = text; input.select(); search(text);
  };
  let asked = 0;
  const search = async (text) => {
    const box = palette(), out = $("[data-hits]", box), mine = ++asked;
    if (!text.trim()) { out.replaceChildren(); return; }
    const answer = await fetch(`${document.body.dataset.findUrl}?part=1&q=${encodeURIComponent(text)}`, { credentials: "same-origin", headers: { "HX-Request": "true" } }).catch(() => null);
    if (answer?.ok && mine === asked) out.innerHTML = await answer.text();
  };
  let typing = 0;
  document.addEventListener("input", (e) => { if (e.target.closest("#palette")) { clearTimeout(typing); typing = setTimeout(() => search(e.target.value), 120); } });
  document.addEventListener("keydown", (e) => {
    const box = e.target.closest?.("#palette"); if (!box) return;
    const links = $$("li:not([hidden]) a", box), at = links.indexOf(document.activeElement);
    if (e.key === "ArrowDown" || e.key === "ArrowUp") {
      e.preventDefault();
      const to = at + (e.key === "ArrowDown" ? 1 : -1);
      (to < 0 ? $("input", box) : links[Math.min(to, links.length - 1)])?.focus();
    }
    if (e.key === "Enter" && e.target.matches("input")) {
      e.preventDefault();
      const first = $("[data-hits] a", box);
      if (first) first.click(); else if (e.target.value.trim()) location.assign(`${document.body.dataset.findUrl}?q=${encodeURIComponent(e.target.value)}`);
    }
  });

  /* ── keys. A letter waits a moment: if more follow at once it is a scanner, not a finger ── */
  let wasG = 0;
  const rowKeys = (key) => {
    const rows = $$(".list tbody tr"); if (!rows.length) return;
    const at = rows.indexOf(document.activeElement.closest("tr"));
    const to = rows[Math.min(rows.length - 1, Math.max(0, at + (key === "j" ? 1 : -1)))];
    $("a", to)?.focus();
  };
  const act = (key) => {
    if (wasG && Date.now() - wasG < 1200) {
      wasG = 0;
      const to = $(`[data-letter="${CSS.escape(key)}"]`); if (to) { location.assign(to.href); return; }
    }
    if (key === "g") { wasG = Date.now(); return; }
    if (key === "?") $("#keys")?.showModal();
    const walk = (key === "j" || key === "k") && $(`[data-walk="${key}"]`);
    if (walk) { if (walk.href) location.assign(walk.href); return; }
    if (key === "j" || key === "k") rowKeys(key);
    if (key === "x") $("td:first-child input[type=checkbox]", document.activeElement.closest("tr") ?? document.createElement("tr"))?.click();
  };
  const SCANNER_SPEED = 50;
  let waiting = 0;
  document.addEventListener("keydown", (e) => {
    if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === "k") { e.preventDefault(); openPalette(); return; }
    clearTimeout(waiting);
    if (document.body.dataset.keys === "off" || e.ctrlKey || e.metaKey || e.altKey || e.key.length !== 1) return;
    if (e.target.closest?.(TYPING) || $("dialog[open]") || window.oms?.reading?.()) return;
    if (e.key === "/") { const box = $("[data-filter]"); if (box) e.preventDefault(); waiting = setTimeout(() => (box ? box.focus() : openPalette()), SCANNER_SPEED); return; }
    waiting = setTimeout(() => { if (!window.oms?.reading?.()) act(e.key); }, SCANNER_SPEED);
  });

  /* ── htmx: token on each request, focus and voice after each swap ── */
  document.addEventListener("htmx:configRequest", (e) => { e.detail.headers["X-CSRFToken"] = token(); });
  document.addEventListener("htmx:afterRequest", (e) => { const form = e.target.closest?.("form"); if (form) ready(form); });
  document.addEventListener("htmx:afterSwap", (e) => {
    for (const list of $$(".list")) count(list);
    if (!document.activeElement || document.activeElement === document.body) {
      const head = $("h1, h2", e.detail.target) ?? e.detail.target; head.setAttribute("tabindex", "-1"); head.focus({ preventScroll: true });
    }
  });

  document.addEventListener("DOMContentLoaded", () => {
    for (const list of $$(".list")) count(list);
    if (draftUrl()) for (const form of $$("form[data-draft]")) { nameDraft(form); restoreDraft(form); }
    for (const dialog of $$("dialog[data-open-now]")) dialog.showModal();
    // Coming back to a list, the row that was opened is where the keys go on.
    const came = sessionStorage.getItem("oms-row"), row = came && $(`.list tbody a[href="${CSS.escape(came)}"]`);
    if (row) row.closest("tr").dataset.was = "";
  });
  document.addEventListener("click", (e) => { const link = e.target.closest(".list tbody a.main"); if (link) try { sessionStorage.setItem("oms-row", link.getAttribute("href")); } catch { /* private mode */ } });
  window.oms = Object.assign(window.oms ?? {}, { openPalette });
})();

// Before and after of an adjustment, while it is typed; the server's own figures are what counts.
(() => {
  "use strict";
  document.addEventListener("input", (e) => {
    const form = e.target.closest("form[data-adjust]"); if (!form) return;
    const out = form.querySelector("[data-preview]"), change = Number(form.elements.quantity_delta.value);
    const level = document.querySelector(`[data-level="${CSS.escape(form.elements.location.value)}"]`);
    out.hidden = !Number.isInteger(change) || change === 0;
    const was = Number(level?.dataset.onHand ?? 0), free = was - Number(level?.dataset.reserved ?? 0);
    const said = (n) => String(n).replace("-", "\u2212");
    out.querySelector("[data-was]").textContent = said(was);
    out.querySelector("[data-now]").textContent = said(was + change);
    out.querySelector("[data-free]").textContent = free + change < 0 ? `only ${said(free)} are free` : "";
  });
})();
