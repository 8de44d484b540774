// Counting: a typed figure waits in the same queue as the scans, and nothing is finished before all of them are sent.
(() => {
  "use strict";
  const main = document.querySelector("main[data-scan-url]");
  const fieldsOf = (form) => {
    const said = { typed: "1", scanned_at: new Date().toISOString(), task: main.dataset.scanTask ?? "" };
    for (const name of ["code", "lot", "figure"]) {
      const value = form.elements[name]?.value.trim();
      if (value) said[name] = value;
    }
    return said;
  };
  document.addEventListener("submit", (e) => {
    const form = e.target;
    if (form.matches("form[data-count-figure]")) {
      e.preventDefault();
      window.oms.queue.add({ url: main.dataset.scanUrl, fields: fieldsOf(form) });
      const sheet = form.closest("dialog");
      if (sheet) { sheet.close(); form.reset(); }
    } else if (form.matches("form[data-count-finish]") && window.oms.queue.items.length) {
      e.preventDefault();
      e.stopImmediatePropagation();
      const waiting = `${window.oms.queue.items.length} unsent. Wait for the network, then finish.`;
      window.oms.feel("look");
      window.oms.say(waiting, true);
      const note = document.querySelector("[data-count-unsent]");
      if (note) { note.hidden = false; note.querySelector("span").textContent = waiting; }
    }
  }, true);
})();
