// The tuner: what a scan of the test code looks like, and the settings this device keeps.
(() => {
  "use strict";
  const $ = (selector) => document.querySelector(selector);
  const out = (name, text) => { const node = $(`[data-out="${name}"]`); if (node) node.textContent = text; };
  $("[data-print]")?.addEventListener("click", () => print());
  const form = $("[data-scanner-settings]"); if (!form) return;
  const fill = (settings) => {
    for (const [name, value] of Object.entries(settings)) {
      const el = form.elements[name]; if (!el) continue;
      if (el.type === "checkbox") el.checked = value; else el.value = value;
    }
  };
  const read = () => ({
    gap: Number(form.elements.gap.value), shortest: Number(form.elements.shortest.value), silence: Number(form.elements.silence.value),
    prefix: form.elements.prefix.value, suffix: form.elements.suffix.value, volume: Number(form.elements.volume.value), vibrate: form.elements.vibrate.checked,
  });
  const saved = () => { $("[data-saved]").textContent = "Saved on this device"; };
  let measured = 0;
  const test = $("[data-test-code]").textContent.trim();

  // The tuner listens for itself, so that a scanner slower than today's setting is measured too.
  let keys = [], timer = 0;
  const verdict = (ended) => {
    if (keys.length < 4) { keys = []; return; }
    const text = keys.map((one) => one.key).join(""), gaps = keys.slice(1).map((one, i) => one.at - keys[i].at);
    const mean = gaps.reduce((a, b) => a + b, 0) / gaps.length;
    keys = [];
    if (mean > 150) return;
    measured = Math.max(measured, mean);
    out("code", text); out("mean", `${mean.toFixed(1)} ms`); out("longest", `${Math.max(...gaps).toFixed(1)} ms`); out("ended", ended);
    const settings = window.oms.settings;
    const whole = text === test || text === settings.prefix + test + settings.suffix;
    out("verdict", !whole ? (text.includes(test) ? "Letters around the code: set them as prefix or suffix" : "Not the test code, or read badly")
      : mean <= settings.gap ? "Good: heard as a scanner" : "Too slow for today's gap: take the measured speed");
    const adopt = $("[data-adopt]"); adopt.removeAttribute("aria-disabled"); adopt.removeAttribute("title");
  };
  addEventListener("keydown", (e) => {
    if (e.target.closest?.("[data-scan-ok]")) return;
    clearTimeout(timer);
    if (e.key === "Enter" || e.key === "Tab") { if (keys.length >= 4) verdict(e.key); return; }
    if (e.key.length !== 1) return;
    if (keys.length && e.timeStamp - keys.at(-1).at > 300) keys = [];
    keys.push({ key: e.key, at: e.timeStamp });
    timer = setTimeout(() => verdict("silence"), 320);
  }, true);
  // Here a scan opens nothing.
  document.addEventListener("oms:scan", (e) => { e.preventDefault(); window.oms.feel(e.detail.misread ? "look" : "ok"); });

  $("[data-adopt]").addEventListener("click", () => { if (!measured) return; window.oms.saveSettings({ gap: Math.min(200, Math.ceil(measured * 1.6) + 5) }); fill(window.oms.settings); saved(); });
  $("[data-defaults]").addEventListener("click", () => { window.oms.saveSettings({ ...window.oms.defaults }); fill(window.oms.settings); saved(); });
  form.addEventListener("submit", (e) => { e.preventDefault(); window.oms.saveSettings(read()); saved(); });
  for (const button of document.querySelectorAll("[data-tone-of]")) button.addEventListener("click", () => { window.oms.saveSettings(read()); window.oms.feel(button.dataset.toneOf); });
  if (!CSS.supports("color", "light-dark(black, white)")) $("[data-old-browser]").hidden = false;
  fill(window.oms.settings);
})();
