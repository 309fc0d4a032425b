"use strict";
// The reader's theme, before anything is painted; nothing is kept where storing is not allowed.
(() => {
  const root = document.documentElement;
  const kept = () => { try { return localStorage.getItem("ftbench-theme"); } catch { return null; } };
  const keep = (theme) => { try { localStorage.setItem("ftbench-theme", theme); } catch { /* not kept */ } };
  const dark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  if (kept() === "dark" || kept() === "light") root.dataset.theme = kept();
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    const label = () => { button.textContent = dark() ? "Light" : "Dark"; button.setAttribute("aria-label", `Use the ${dark() ? "light" : "dark"} theme`); };
    label();
    button.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; keep(root.dataset.theme); label(); });
  });
})();
