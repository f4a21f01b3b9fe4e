// The pages where somebody types: asks before typed text is left, and spares a few wrong keys. All works without it.
"use strict";
const typed = document.querySelector("form[data-leave]");

if (typed) {
  let dirty = false;
  typed.addEventListener("input", (event) => { if (event.target.name !== "tab") dirty = true; });
  typed.addEventListener("submit", () => { dirty = false; });
  // Esc twice empties the page first, and then must not be asked anything.
  window.addEventListener("beforeunload", (event) => { if (dirty && typed.isConnected) event.preventDefault(); });
  for (const area of typed.querySelectorAll("[data-chooses]")) {
    area.addEventListener("input", () => { document.getElementById(area.dataset.chooses).checked = true; });
  }
}

const question = document.getElementById("trial-question");
if (question) {
  question.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    document.getElementById("try").click();
  });
}

// On a telephone long parts begin closed, but for what somebody must see.
const record = document.querySelector("details.record");
const matrix = document.querySelector("details.matrix");
const openForFindings = () => { if (record && record.querySelector(".findings li")) record.open = true; };
if (matchMedia("(max-width: 48rem)").matches) {
  if (record) record.open = false;
  openForFindings();
}
// Where it does not fit beside the list, it would hide the search.
if (matrix && !matchMedia("(min-width: 80rem)").matches) matrix.open = false;
document.addEventListener("htmx:oobAfterSwap", openForFindings);
