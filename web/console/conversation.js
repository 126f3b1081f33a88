/* One chat, live: new messages, who has it, "is typing" both ways; sending without loading the page again. */
import { listen, piece, post, tick } from "./common.js";

const chat = document.getElementById("chat");
const here = chat.dataset.here;
const thread = document.getElementById("thread");
const state = document.getElementById("state");
const typing = document.getElementById("typing");
const live = document.getElementById("live");
const form = document.getElementById("write");
const SIGNAL_MS = 3000; // the other page shows it for 6 s
const TOUCH_MS = 60000;
let loading = null;
let stateAsked = false;

live.hidden = false;

function newest() {
  const last = thread.lastElementChild;
  return last ? last.dataset.id : 0;
}

function isAtEnd() {
  return thread.scrollHeight - thread.scrollTop - thread.clientHeight < 80;
}

function toEnd() {
  thread.scrollTop = thread.scrollHeight;
}

/** One request at a time, so that no message is put in twice. */
async function loadMessages() {
  if (loading) await loading;
  loading = addMessages();
  await loading;
  loading = null;
}

async function addMessages() {
  const html = await piece(`${here}/thread?after=${newest()}`);
  if (!html || !html.trim()) return;
  const stick = isAtEnd();
  thread.insertAdjacentHTML("beforeend", html);
  if (stick) toEnd();
}

/** What is being filled in stays: the part is put in once nobody is inside of it. */
async function loadState() {
  if (state.contains(document.activeElement) && document.activeElement.matches("select, input")) {
    stateAsked = true;
    return;
  }
  stateAsked = false;
  const html = await piece(`${here}/state`);
  if (html === null) return;
  const opened = [...state.querySelectorAll("details")].map((one) => one.open);
  const before = state.querySelector(".holder").textContent;
  const hadFocus = state.contains(document.activeElement);
  state.innerHTML = html;
  state.querySelectorAll("details").forEach((one, index) => (one.open = opened[index] || false));
  tick(state);
  if (hadFocus) document.getElementById("main").focus({ preventScroll: true });
  const holds = /^You have it/.test(state.querySelector(".holder").textContent.trim());
  // The write box belongs to the whole page; it comes and goes with whoever has the chat.
  if (before !== state.querySelector(".holder").textContent && holds !== Boolean(form)) keepDraft();
}

/** Somebody else took or freed the chat: the page is loaded again, unless words would be lost. */
function keepDraft() {
  if (!form || !form.elements.text.value.trim()) location.reload();
}

state.addEventListener("focusout", () => stateAsked && setTimeout(loadState, 200));

if (form) {
  const text = form.elements.text;
  const problem = document.getElementById("write-problem");
  let signalled = 0;

  const send = async () => {
    const words = text.value.trim();
    if (!words || form.dataset.busy) return;
    form.dataset.busy = "yes";
    problem.textContent = "";
    const status = await post(`${here}/write`, { text: words });
    delete form.dataset.busy;
    if (status >= 200 && status < 300) {
      text.value = "";
      signalled = 0;
      await loadMessages();
      toEnd();
    } else {
      problem.textContent =
        status === 0 ? "Not sent: the server cannot be reached. Your words are still here." : "Not sent. Your words are still here; load the page again to see why.";
    }
    text.focus();
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  });
  text.addEventListener("input", () => {
    if (!text.value.trim() || Date.now() - signalled < SIGNAL_MS) return;
    signalled = Date.now();
    post(`${here}/typing`);
  });
  for (const button of document.querySelectorAll("[data-canned]")) {
    button.addEventListener("click", (event) => {
      event.preventDefault();
      text.value = [text.value.trim(), button.dataset.canned].filter(Boolean).join("\n");
      text.focus();
    });
  }
}

/** Somebody is at the screen: the handoff stays with them. */
let touched = Date.now();
for (const kind of ["pointerdown", "keydown"]) {
  document.addEventListener(kind, () => {
    if (Date.now() - touched < TOUCH_MS) return;
    touched = Date.now();
    post(`${here}/touch`);
  });
}

toEnd();
listen(
  `${here}/events`,
  {
    messages: (id) => Number(id) > Number(newest()) && loadMessages(),
    state: loadState,
    typing: (is) => {
      typing.textContent = is === "true" ? "The visitor is typing…" : "";
    },
  },
  {
    poll: () => {
      loadMessages();
      loadState();
    },
    show: (how) => {
      live.textContent = how === "live" ? "Live" : "Not live: looking every 10 seconds";
      live.dataset.state = how;
    },
  },
);
