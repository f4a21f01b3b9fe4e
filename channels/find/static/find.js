// The outreach desk. What is typed stays in this page: no storage, no history; the texts themselves are kept by the service worker.
import { answer, loseAll, results } from "./phone.js";

const ESCAPE_TWICE_MS = 1000;
const CACHES = "kompas-find-";
const ANSWER = /^\/find\/k\/([0-9a-f]{8})$/;
let lastEscape = -ESCAPE_TWICE_MS;
let offered = false;

const byId = (id) => document.getElementById(id);
const texts = () => JSON.parse(byId("page").dataset.texts);
const pair = () => ({ a: byId("page").dataset.a, b: byId("page").dataset.b });

function hide() {
  stopReading();
  document.body.replaceChildren();
  document.title = "";
  location.replace("about:blank");
}

// What needs a script appears with it.
function appear() {
  document.documentElement.classList.add("scripted");
  for (const id of ["hide", "client", "copy", "print"]) if (byId(id)) byId(id).hidden = false;
  if (byId("client") && !document.querySelector(".side.client .answer")) byId("client").hidden = true;
  if (byId("kept")) byId("kept").hidden = !offered;
  offerReading();
}

// --- Searching: HTMX asks the server; when it cannot, the phone answers.

function announce() {
  const count = document.querySelector("#results .count");
  byId("status").textContent = count ? count.textContent : "";
}

async function onPhone(parameters) {
  document.documentElement.classList.add("unconnected");
  byId("results").replaceChildren(...(await results({ ...pair(), ...parameters }, texts())));
  announce();
}

function fields(event) {
  const { parameters } = event.detail.requestConfig;
  return parameters instanceof FormData ? Object.fromEntries(parameters) : { ...parameters };
}

document.addEventListener("htmx:beforeRequest", (event) => {
  if (navigator.onLine) return;
  event.preventDefault();
  onPhone(fields(event));
});
for (const name of ["htmx:sendError", "htmx:timeout"]) document.addEventListener(name, (event) => onPhone(fields(event)));
document.addEventListener("htmx:responseError", () => {
  byId("results").textContent = texts().failed;
});
document.addEventListener("htmx:afterSwap", () => {
  document.documentElement.classList.remove("unconnected");
  appear();
  announce();
});

// --- The two languages.

async function changeLanguages(form) {
  const chosen = Object.fromEntries(new FormData(form));
  const query = `?a=${chosen.a}&b=${chosen.b}`;
  if (ANSWER.test(location.pathname) || !navigator.onLine || !window.htmx) return location.replace(location.pathname + query);
  const focused = document.activeElement?.id;
  await htmx.ajax("POST", "/find", { target: "#page", select: "#page", swap: "outerHTML", values: { ...chosen, q: byId("q").value } });
  document.documentElement.lang = chosen.a;
  history.replaceState(null, "", location.pathname + query);
  byId(focused)?.focus();
}

document.addEventListener("change", (event) => {
  if (event.target.form?.id === "languages") changeLanguages(event.target.form);
});

// --- Showing to the client.

function showToClient() {
  const shown = document.querySelector(".side.client").cloneNode(true);
  byId("show").lastElementChild.replaceChildren(shown);
  document.documentElement.requestFullscreen?.().catch(() => {});
  byId("show").showModal();
  byId("show").scrollTop = 0;
}

function closeClient() {
  byId("show").close();
}

document.addEventListener("close", (event) => {
  if (event.target.id !== "show") return;
  byId("show").lastElementChild.replaceChildren();
  if (document.fullscreenElement) document.exitFullscreen();
}, true);

// --- Reading aloud: only with a voice of this device; others send the text away.

function voiceFor(language) {
  const voices = window.speechSynthesis ? speechSynthesis.getVoices() : [];
  return voices.find((voice) => voice.localService && voice.lang.toLowerCase().startsWith(language));
}

function offerReading() {
  for (const side of document.querySelectorAll("main .side")) {
    const button = side.querySelector(".aloud");
    if (button) button.hidden = !voiceFor(side.lang);
  }
}

function stopReading() {
  window.speechSynthesis?.cancel();
  for (const button of document.querySelectorAll(".stop")) button.hidden = true;
}

function readAloud(side) {
  stopReading();
  const voice = voiceFor(side.lang);
  const stop = side.querySelector(".stop");
  const sentences = `${side.querySelector(".asked").textContent}\n${side.querySelector(".answer").textContent}`.split(/(?<=[.!?])\s+|\n+/);
  stop.hidden = false;
  sentences.forEach((sentence, index) => {
    const said = new SpeechSynthesisUtterance(sentence);
    Object.assign(said, { voice, lang: voice.lang, rate: 0.9 });
    if (index === sentences.length - 1) said.addEventListener("end", () => { stop.hidden = true; });
    speechSynthesis.speak(said);
  });
}

window.speechSynthesis?.addEventListener?.("voiceschanged", offerReading);

// --- The texts on this phone.

async function keep() {
  if (!("serviceWorker" in navigator) || !window.isSecureContext) return;
  await navigator.serviceWorker.register("/find/sw.js", { scope: "/find" });
  const registration = await navigator.serviceWorker.ready;
  registration.active.postMessage("refresh");
  offered = true;
  appear();
}

async function forget() {
  const registration = await navigator.serviceWorker.getRegistration("/find");
  registration?.active?.postMessage("forget");
  await registration?.unregister();
  for (const name of await caches.keys()) if (name.startsWith(CACHES)) await caches.delete(name);
  loseAll();
  offered = false;
  byId("kept").textContent = texts().forgotten;
}

async function copy() {
  try {
    await navigator.clipboard.writeText(byId("address").textContent);
    byId("copied").textContent = texts().copied;
  } catch {
    getSelection().selectAllChildren(byId("address"));
  }
}

const PRESSED = {
  hide, forget, copy,
  client: showToClient,
  close: closeClient,
  print: () => window.print(),
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  PRESSED[button.id]?.();
  if (button.classList.contains("aloud")) readAloud(button.closest(".side"));
  if (button.classList.contains("stop")) stopReading();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (event.timeStamp - lastEscape < ESCAPE_TWICE_MS) hide();
  lastEscape = event.timeStamp;
});

window.addEventListener("pagehide", stopReading);

// Without a connection the service worker gives the search page of the worker's language, also for an answer's address.
async function fromPhone() {
  const b = new URLSearchParams(location.search).get("b");
  if (b !== pair().b && document.querySelector(`#b option[value="${CSS.escape(b || "")}"]`)) {
    byId("page").dataset.b = b;
    for (const field of document.querySelectorAll("[name=b]")) field.value = b;
  }
  const code = ANSWER.exec(location.pathname)?.[1];
  if (!code || !byId("browse")) return;
  document.documentElement.classList.add("unconnected");
  byId("results").replaceChildren(...(await answer(code, pair(), texts())));
  offerReading();
}

try {
  sessionStorage.clear();  // HTMX notes the address of the page there
} catch {
  // a browser that allows no storage has none to clear
}
appear();
fromPhone();
keep();
