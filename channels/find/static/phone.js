// Without a connection: the texts that are on this phone, searched by words and shown like the server shows them.
import { WordIndex } from "./words.js";

let kept = null;

function make(tag, className, text, language) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  if (language) made.lang = language;
  return made;
}

// A text past its date is not shown, also where no server can say so.
function stillGood(entry) {
  const now = new Date();
  const day = [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
  return entry.until >= day;
}

async function load() {
  if (kept) return kept;
  const response = "caches" in window ? await caches.match("/find/data.json") : undefined;
  if (!response) return null;
  const data = await response.json();
  const entries = new Map(data.entries.filter(stillGood).map((entry) => [entry.code, entry]));
  const lines = [];
  for (const entry of entries.values()) {
    for (const text of Object.values(entry.texts)) for (const line of [text.question, ...text.phrasings]) lines.push([entry.code, line]);
  }
  kept = { ...data, entries, index: new WordIndex(lines) };
  return kept;
}

export function loseAll() {
  kept = null;
}

function chosen(data, asked) {
  const all = [...data.entries.values()];
  if (asked.topic) return all.filter((entry) => entry.topic === asked.topic);
  if (asked.letter) return all.filter((entry) => entry.letters.includes(asked.letter));
  const text = (asked.q || "").trim();
  return text.length < 2 ? null : data.index.search(text).map(([code]) => data.entries.get(code));
}

function list(data, entries, { a, b }) {
  const made = make("ol", "found");
  for (const entry of entries) {
    const link = make("a");
    link.href = `/find/k/${entry.code}?a=${a}&b=${b}`;
    for (const language of new Set([a, b])) {
      if (entry.texts[language]) link.append(make("span", "title", entry.texts[language].question, language));
    }
    link.append(make("span", "topic", data.topics[entry.topic]?.[a] ?? ""));
    const item = make("li");
    item.append(link);
    made.append(item);
  }
  return made;
}

function note(data, texts) {
  return make("p", "note", data ? texts.offline.replace("{date}", data.date) : texts.failed);
}

// asked: {q or topic or letter, a, b}; gives the nodes to show.
export async function results(asked, texts) {
  const data = await load();
  const nodes = [note(data, texts)];
  const found = data && chosen(data, asked)?.filter((entry) => entry.texts[asked.a] || entry.texts[asked.b]);
  if (!found) return nodes;
  const count = found.length ? texts.count.replace("{count}", found.length) : texts.nothing;
  return [...nodes, make("p", "count", count), list(data, found, asked)];
}

function side(data, entry, language, isClient, texts) {
  const made = document.getElementById("blank-side").content.firstElementChild.cloneNode(true);
  const put = (selector, text) => { made.querySelector(selector).textContent = text; };
  made.lang = language;
  made.classList.toggle("client", isClient);
  put(".language", document.querySelector(`#a option[value=${language}]`).textContent);
  const text = entry.texts[language];
  if (!text) {
    made.replaceChildren(made.firstElementChild, make("p", "", texts.not_here, document.documentElement.lang));
    return made;
  }
  put(".asked", text.question);
  put(".answer", text.answer);
  put(".status", text.status);
  const sources = made.querySelector(".sources");
  sources.textContent = data.sources[language];
  entry.links.forEach(([title, url], index) => {
    const shown = make(url ? "a" : "span", "", title);
    if (url) Object.assign(shown, { href: url, rel: "noreferrer noopener" });
    sources.append(index ? "; " : " ", shown);
  });
  return made;
}

// The answer with this code in both languages, as nodes.
export async function answer(code, { a, b }, texts) {
  const data = await load();
  const entry = data?.entries.get(code);
  if (!entry) return [note(data, texts), ...(data ? [make("p", "note", texts.gone)] : [])];
  const sides = make("section", "sides");
  for (const language of new Set([a, b])) sides.append(side(data, entry, language, language === b, texts));
  const related = entry.related.map((other) => data.entries.get(other)).filter((other) => other?.texts[a] || other?.texts[b]);
  return [note(data, texts), sides, ...(related.length ? [list(data, related, { a, b })] : [])];
}
