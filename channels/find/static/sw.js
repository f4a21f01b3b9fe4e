// Keeps the texts on this phone for use without a connection. The network comes first: what was withdrawn is gone as soon as it answers.
"use strict";
const CACHES = "kompas-find-";
const LANGUAGES = ["nl", "en", "es", "pl", "ro"];
const DATA = "/find/data.json";
const FILES = [
  ...["find.css", "find.js", "words.js", "phone.js", "htmx.min.js", "icon.svg"].map((name) => `/find/static/${name}`),
  ...LANGUAGES.map((language) => `/find?a=${language}`),
  DATA,
];
// Longer than this, and the phone's own texts are quicker.
const PATIENCE_MS = 5000;
const PAGE = /^\/find(\/k\/[0-9a-f]{8})?\/?$/;
let gone = false;

const ours = async () => (await caches.keys()).filter((name) => name.startsWith(CACHES));

async function refresh() {
  gone = false;
  const told = await fetch("/find/version.json");
  if (!told.ok || gone) return;
  const name = CACHES + (await told.json()).version;
  const cache = await caches.open(name);
  if (!(await cache.match(DATA))) {
    try {
      await cache.addAll(FILES);
    } catch {
      await caches.delete(name);
      return;
    }
  }
  for (const other of await ours()) if (other !== name) await caches.delete(other);
}

async function forget() {
  gone = true;
  for (const name of await ours()) await caches.delete(name);
}

async function page(request, url) {
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (response.status < 500) return response;
    throw new Error("the server does not work");
  } catch {
    const a = LANGUAGES.includes(url.searchParams.get("a")) ? url.searchParams.get("a") : LANGUAGES.find((language) => navigator.language.startsWith(language)) || "en";
    return (await caches.match(`/find?a=${a}`)) || Response.error();
  }
}

async function file(request, url) {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match(url.pathname)) || Response.error();
  }
}

const WORK = { refresh, forget };
self.addEventListener("install", (event) => event.waitUntil(refresh().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("message", (event) => event.waitUntil(WORK[event.data]?.().catch(() => {}) ?? Promise.resolve()));
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (event.request.mode === "navigate" && PAGE.test(url.pathname)) event.respondWith(page(event.request, url));
  else if (FILES.includes(url.pathname)) event.respondWith(file(event.request, url));
});
