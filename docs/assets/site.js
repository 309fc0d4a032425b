// Wide tables and code are scrolled by keyboard too.
document.addEventListener("DOMContentLoaded", () => {
  for (const one of document.querySelectorAll(".md-typeset__scrollwrap, .md-typeset pre > code, .figure")) {
    one.tabIndex = 0
  }
})
