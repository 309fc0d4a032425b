// Wide tables and code are scrolled by keyboard too, and the search says what it is.
document.addEventListener("DOMContentLoaded", () => {
  const wide = ".md-typeset__scrollwrap, .md-typeset pre > code, .figure"
  for (const one of document.querySelectorAll(wide)) one.tabIndex = 0
  document.querySelector(".md-search")?.setAttribute("aria-label", "Search")
})
