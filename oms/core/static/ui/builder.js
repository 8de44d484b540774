// The rules builder: dragging a rule by its grip, and where the focus goes when the form is drawn anew.
// Without this file rules are moved by their buttons and their number.
(() => {
  "use strict";
  let pressed = "";
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const press = (value) => {
    const form = $("#build"), field = document.createElement("input");
    field.type = "hidden"; field.name = "press"; field.value = pressed = value;
    form.append(field); form.requestSubmit();
  };

  /* ── dragging: a rule is put where the pointer is let go ── */
  let held = null;
  const over = (y) => $$(".build-rule").find((rule) => { const box = rule.getBoundingClientRect(); return y >= box.top && y <= box.bottom; });
  const mark = (rule) => { for (const each of $$(".build-rule[data-over]")) delete each.dataset.over; if (rule && rule !== held) rule.dataset.over = ""; };
  document.addEventListener("pointerdown", (e) => {
    const grip = e.target.closest?.("[data-grip]"); if (!grip || e.button) return;
    held = grip.closest(".build-rule"); held.dataset.held = ""; grip.setPointerCapture(e.pointerId); e.preventDefault();
  });
  document.addEventListener("pointermove", (e) => { if (held) mark(over(e.clientY)); });
  const letGo = (e) => {
    if (!held) return;
    const to = e.type === "pointerup" ? over(e.clientY) : null, from = held;
    mark(null); delete held.dataset.held; held = null;
    if (to && to !== from) press(`to:${from.dataset.rule}:${to.dataset.rule}`);
  };
  document.addEventListener("pointerup", letGo);
  document.addEventListener("pointercancel", letGo);

  /* ── focus: it goes with the rule that was moved, to the rule that was added, and never nowhere ── */
  document.addEventListener("click", (e) => { const button = e.target.closest?.("#build button[name=press]"); if (button) pressed = button.value; });
  document.addEventListener("submit", (e) => { if (e.target.id === "build" && e.submitter) pressed = e.submitter.value; });
  const wanted = () => {
    const [word, place, to] = pressed.split(":"), n = Number(place);
    if (word === "up") return n > 1 ? `#r${n - 1}-up` : "#r0-down";
    if (word === "down") { const last = $$(".build-rule").length - 1; return n + 1 < last ? `#r${n + 1}-down` : `#r${last}-up`; }
    if (word === "to") return `#r${to}-position`;
    if (word === "drop") return "#add-rule";
    if (word === "add") return `#r${$$(".build-rule").length - 1}-c0-fact`;
    if (/^r\d+-(c|a)\d+-drop$/.test(word)) return `#${word.replace(/-c\d+-drop$/, "-condition").replace(/-a\d+-drop$/, "-action")}`;
    if (/^r\d+-(condition|action)$/.test(word)) { const parts = $$(`[id^="${word.replace("-condition", "-c").replace("-action", "-a")}"][id$="${word.endsWith("condition") ? "-fact" : "-does"}"]`); return parts.length ? `#${parts.at(-1).id}` : ""; }
    return word.startsWith("rank-") ? "#rank-add, #mixed" : "";
  };
  // While the form is drawn anew nothing can be typed into the one that goes.
  let left = "";
  document.addEventListener("htmx:beforeRequest", (e) => {
    if (e.detail.target.id !== "builder") return;
    left = document.activeElement?.id ?? ""; e.detail.target.inert = true;
  });
  for (const failed of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(failed, () => { const all = $("#builder"); if (all) all.inert = false; window.oms?.say?.("This was not kept. Try again.", true); });
  }
  document.addEventListener("htmx:afterSettle", (e) => {
    for (const wrong of $$("#build .err")) {
      for (const field of $$(`[aria-describedby="${wrong.id}"]`)) wrong.hidden ? field.removeAttribute("aria-invalid") : field.setAttribute("aria-invalid", "true");
    }
    // What a change made other is no new form: the press that follows it is still on its way.
    if (e.target.id !== "builder") return;
    const found = (pressed && wanted()) || (left && `#${left}`); pressed = left = "";
    if (found) $(found)?.focus();
  });
})();
