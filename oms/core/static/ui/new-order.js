// The form of a new order: SKUs and customers are looked up while they are typed, a scan is a line. The form works without it.
(() => {
  "use strict";
  const form = document.querySelector("#new-order"); if (!form) return;
  const $ = (selector, root = form) => root.querySelector(selector);
  const lines = $("[data-lines]"), pattern = $("template[data-line]");
  const ask = async (url, query) => {
    const answer = await fetch(`${url}?${new URLSearchParams(query)}`, { credentials: "same-origin", headers: { Accept: "application/json" } }).catch(() => null);
    return answer?.ok ? answer.json() : null;
  };
  const rows = () => [...lines.querySelectorAll("tr")];
  const field = (row, name) => $(`[data-${name}]`, row);
  const suggest = (list, near) => list.replaceChildren(...near.map(({ code, name }) => { const option = document.createElement("option"); option.value = code; option.label = `${code} ${name}`; return option; }));
  const kept = (input) => input.dispatchEvent(new Event("input", { bubbles: true }));

  const addLine = () => {
    const next = Math.max(-1, ...rows().map((row) => Number(field(row, "sku").name.split("-")[1]))) + 1;
    const holder = document.createElement("tbody");
    holder.innerHTML = pattern.innerHTML.replaceAll("-N\"", `-${next}"`).replaceAll("line N", `line ${next}`);
    const row = holder.firstElementChild;
    lines.append(row);
    return row;
  };
  $("[data-add-line]").addEventListener("click", () => field(addLine(), "sku").focus());

  const asked = () => ({ customer: form.elements.customer.value.trim(), currency: form.elements.currency.value });
  const fill = (row, sku) => {
    field(row, "name").textContent = sku ? sku.name : "";
    field(row, "price").placeholder = sku?.price ?? "list";
    if (sku) field(row, "sku").value = sku.code;
  };
  const lookUp = async (row) => {
    const text = field(row, "sku").value.trim();
    if (!text) { fill(row, null); return; }
    const answer = await ask(form.dataset.skus, { q: text, quantity: field(row, "quantity").value, ...asked() });
    if (answer && field(row, "sku").value.trim() === text) {
      fill(row, answer.sku);
      if (!answer.sku) field(row, "name").textContent = answer.near.length ? `${answer.near.length} are near: choose one` : "Nobody knows this code.";
    }
  };
  const lookUpAll = () => rows().filter((row) => field(row, "sku").value).forEach(lookUp);

  let waiting = 0;
  const later = (work) => { clearTimeout(waiting); waiting = setTimeout(work, 150); };
  form.addEventListener("input", (e) => {
    const input = e.target;
    if (input.matches("[data-sku]") && input.value.trim().length > 1) later(async () => { const answer = await ask(form.dataset.skus, { q: input.value.trim(), ...asked() }); if (answer) suggest($("#skus"), answer.near); });
    if (input.name === "customer" && input.value.trim()) later(async () => { const answer = await ask(form.dataset.customers, { q: input.value.trim() }); if (answer) suggest($("#customers"), answer.near); });
  });
  const known = async (code) => {
    const answer = code ? await ask(form.dataset.customers, { q: code }) : null, customer = answer?.customer;
    $("[data-terms]").textContent = customer?.terms ?? (code ? "Nobody known has this code." : "");
    const book = form.elements.ship_to, before = book.value;
    book.replaceChildren(book.options[0], ...(customer?.addresses ?? []).map(({ code: value, label }) => new Option(label, value)));
    book.value = [...book.options].some((option) => option.value === before) ? before : "";
    if (customer) { form.elements.currency.value = customer.currency; if (!book.value && book.options.length > 1) book.selectedIndex = 1; }
    lookUpAll();
  };
  form.addEventListener("change", (e) => {
    if (e.target.matches("[data-sku], [data-quantity]")) lookUp(e.target.closest("tr"));
    if (e.target.name === "customer") known(e.target.value.trim());
    if (e.target.name === "currency") lookUpAll();
  });
  // Enter goes on to the next field; it never places an order by accident.
  form.addEventListener("keydown", (e) => {
    if (e.key !== "Enter" || !e.target.matches("input")) return;
    e.preventDefault();
    const fields = [...form.querySelectorAll("input:not([type=hidden]), select, textarea, button")], at = fields.indexOf(e.target);
    if (e.target.matches("[data-price]") && e.target.closest("tr") === rows().at(-1)) field(addLine(), "sku").focus();
    else fields[at + 1]?.focus();
  });

  document.addEventListener("oms:scan", async (e) => {
    if (e.detail.misread) return;
    e.preventDefault();
    const answer = await ask(form.dataset.skus, { q: e.detail.gtin || e.detail.code, ...asked() });
    if (!answer?.sku) { window.oms.feel("wrong"); window.oms.say(`Nobody knows ${e.detail.code}.`, true); return; }
    const same = rows().find((row) => field(row, "sku").value === answer.sku.code);
    const row = same ?? rows().find((one) => !field(one, "sku").value) ?? addLine();
    if (same) field(row, "quantity").value = Number(field(row, "quantity").value || 0) + 1;
    fill(row, answer.sku); kept(field(row, "sku"));
    window.oms.feel("ok"); window.oms.say(`${field(row, "quantity").value} of ${answer.sku.name}`);
  });
})();
