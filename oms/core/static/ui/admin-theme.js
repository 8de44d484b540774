// The admin follows the theme a person chose on the staff pages; this runs before anything is drawn.
(() => {
  const chosen = document.querySelector("meta[name=oms-theme]")?.content ?? "auto";
  try { localStorage.setItem("theme", chosen); } catch { /* private mode: the attribute below is enough */ }
  document.documentElement.dataset.theme = chosen;
})();
