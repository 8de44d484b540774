// What Django's own widgets leave nameless gets the name that stands beside it, so that it can be heard as well as seen.
(() => {
  const text = (element) => element?.textContent.replace(/\s+/g, " ").trim() ?? "";
  const heading = (cell) => {
    const head = cell.closest("table")?.tHead?.rows[0]?.cells[cell.cellIndex];
    return head ? text(head) : "";
  };
  const nearby = (control) => {
    const cell = control.closest("td");
    if (cell) return heading(cell);
    const row = control.closest(".form-row, .fieldBox, fieldset");
    return text(row?.querySelector("label, legend")).replace(/:$/, "");
  };
  const part = (control) => ({ vDateField: "date", vTimeField: "time" })[control.classList[0]] ?? "";
  const isNamed = (control) => control.ariaLabel || control.getAttribute("aria-labelledby") || [...control.labels ?? []].some(text);
  const nameOf = (control) => control.ariaLabel || text(control.labels?.[0]) || [nearby(control), part(control)].filter(Boolean).join(", ");

  const nameControls = (root) => {
    for (const control of root.querySelectorAll("input:not([type=hidden]), select, textarea")) {
      if (control.id === "searchbar" || control.classList.contains("select2-search__field")) control.ariaLabel = "Search";
      else if (!isNamed(control)) control.ariaLabel = nameOf(control);
    }
    for (const box of root.querySelectorAll(".select2-container")) {
      const select = box.previousElementSibling;
      if (select?.tagName !== "SELECT") continue;
      for (const shown of box.querySelectorAll("[role=combobox], [role=textbox]")) shown.ariaLabel = nameOf(select);
    }
  };
  const nameColumns = (root) => {
    for (const head of root.querySelectorAll("thead th")) {
      if (text(head)) continue;
      const word = Object.assign(document.createElement("span"), { className: "visually-hidden" });
      word.textContent = head.classList.contains("original") ? "Entry" : "Remove";
      head.append(word);
    }
  };

  document.addEventListener("DOMContentLoaded", () => {
    nameColumns(document);
    nameControls(document);
    // Selectors that search, and rows that are added, are drawn later.
    new MutationObserver(() => nameControls(document)).observe(document.body, { childList: true, subtree: true });
  });
})();
