// The chat page. The session lives in this variable only: no cookie, no storage; a reload begins anew.
"use strict";
const texts = JSON.parse(document.body.dataset.texts);
const session = Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
const messages = document.getElementById("messages");
const form = document.getElementById("ask");
const question = document.getElementById("question");
const send = document.getElementById("send");
const ESCAPE_TWICE_MS = 1000;
let language = document.documentElement.lang;
let lastEscape = -ESCAPE_TWICE_MS;

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function show(item) {
  messages.append(item);
  messages.scrollTop = messages.scrollHeight;
  return item;
}

function showMine(text) {
  const item = element("li", "you");
  item.append(element("p", "", text));
  show(item);
}

function showReply(message, inLanguage) {
  const item = element("li", message.decision === "crisis" ? "kompas crisis" : "kompas");
  item.lang = inLanguage;
  const cut = message.decision === "answer" ? message.text.lastIndexOf("\n\n") : -1;
  item.append(element("p", "", cut < 0 ? message.text : message.text.slice(0, cut)));
  if (cut >= 0) item.append(element("p", "source", message.text.slice(cut + 2)));
  if (message.buttons.length) item.append(buttonList(message.buttons));
  show(item);
  // A long answer is read from its beginning.
  if (item.offsetHeight > messages.clientHeight) item.scrollIntoView({ block: "start" });
}

function buttonList(buttons) {
  const list = element("div", "choices");
  for (const button of buttons) {
    const made = element("button", "", button.title);
    made.type = "button";
    made.addEventListener("click", () => ask(button.value, button.title));
    list.append(made);
  }
  return list;
}

async function ask(value, shown) {
  if (shown) showMine(shown);
  const waiting = element("li", "kompas waiting");
  waiting.append(element("p", "", texts[language].waiting));
  show(waiting);
  send.disabled = true;
  try {
    const response = await fetch("/api/chat", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ session, text: value }),
    });
    const answer = await response.json();
    waiting.remove();
    setLanguage(answer.language);
    for (const message of answer.messages) showReply(message, answer.language);
  } catch {
    waiting.remove();
    showReply({ text: texts[language].failed, decision: "unavailable", buttons: [] }, language);
  } finally {
    send.disabled = false;
    question.focus();
  }
}

function setLanguage(code) {
  language = code;
  const text = texts[code];
  document.documentElement.lang = code;
  document.title = text.title;
  document.getElementById("intro").textContent = text.intro;
  document.getElementById("hide").textContent = text.hide;
  document.getElementById("languages").setAttribute("aria-label", text.language);
  messages.parentElement.setAttribute("aria-label", text.conversation);
  document.querySelector("label[for=question]").textContent = text.question;
  send.textContent = text.send;
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === code));
  }
}

function hide() {
  document.body.replaceChildren();
  document.title = "";
  location.replace("about:blank");
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = question.value.trim();
  if (!text || send.disabled) return;
  question.value = "";
  ask(text, text);
});

question.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (event.timeStamp - lastEscape < ESCAPE_TWICE_MS) hide();
  lastEscape = event.timeStamp;
});

document.getElementById("hide").addEventListener("click", hide);
for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => {
    setLanguage(button.dataset.language);
    const greeting = document.getElementById("greeting");
    if (messages.children.length === 1 && greeting) greeting.firstElementChild.textContent = texts[language].greet;
    ask(`lang:${button.dataset.language}`, "");
  });
}
question.focus();
