// All pages of the desk: the session's word for HTMX, the way out, and a warning before the session ends.
"use strict";
const ESCAPE_TWICE_MS = 1000;
const WARN_MS = 120_000;
const csrf = document.querySelector('meta[name="csrf"]');
const ending = document.getElementById("ending");
let lastEscape = -ESCAPE_TWICE_MS;

document.addEventListener("htmx:configRequest", (event) => {
  if (csrf) event.detail.headers["X-CSRF"] = csrf.content;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (event.timeStamp - lastEscape < ESCAPE_TWICE_MS) {
    document.body.replaceChildren();
    document.title = "";
    location.replace("about:blank");
  }
  lastEscape = event.timeStamp;
});

if (ending) {
  const stay = ending.querySelector("button");
  const idle = Number(ending.dataset.idle) * 1000;
  const last = Date.now() + Number(ending.dataset.left) * 1000;
  let timer = 0;

  const wait = () => {
    clearTimeout(timer);
    ending.hidden = true;
    const end = Math.min(Date.now() + idle, last);
    // Nothing lengthens a session beyond its twelve hours.
    stay.hidden = end === last;
    timer = setTimeout(() => { ending.hidden = false; }, end - WARN_MS - Date.now());
  };

  stay.addEventListener("click", async () => {
    const response = await fetch("/desk/account", { headers: { "HX-Request": "true" } }).catch(() => null);
    if (response && response.ok) wait();
  });
  document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.successful) wait(); });
  wait();
}
