/*
 * Lotus Guide: the chat on a clinic's page. One plain script, no build step, nothing loaded from elsewhere.
 *
 *   <script src="https://guide.example/widget.js" defer></script>
 *
 * data-title      heading of the chat            (Lotus Guide)
 * data-leave-url  where "Leave quickly" goes     (https://www.wikipedia.org/)
 * data-open       "true" opens the chat at load
 * data-language   "es": Spanish until the visitor writes otherwise (the page's own lang attribute)
 * data-reopen     "never": a chat left open on another page waits behind the button, so that this page can be read
 *
 * A link to #lotus-guide, on the same page or from another one, opens the chat too.
 *
 * The API and the library are on the origin that served this file. Emergency numbers are written into the script, so they stay on
 * screen when no server answers.
 */
(() => {
  "use strict";

  const script = document.currentScript;
  if (!script || document.querySelector("lotus-guide")) return;

  const SERVICE = new URL(script.src).origin;
  const API = SERVICE + "/api/conversations";
  const LIBRARY = SERVICE + "/library";
  const TITLE = script.dataset.title || "Lotus Guide";
  const LEAVE_URL = webAddress(script.dataset.leaveUrl) || "https://www.wikipedia.org/";
  const STORAGE_KEY = "lotus-guide";
  const MAX_LENGTH = 2000; // the API refuses longer messages
  const COUNTER_FROM = 1800; // early enough to finish a sentence
  const SLOW_START_MS = 5000; // when the notice with the numbers appears
  const START_TIMEOUT_MS = 20000; // a slow server may still succeed behind that notice
  const SEND_TIMEOUT_MS = 10000;
  const SIGNAL_MS = 3000; // "is typing" goes out so often at most, and is shown for twice as long
  const SILENCE_MS = 45000; // the server pings about every 15 s; three missed mean a dead line
  const URGENT = ["crisis", "medical_emergency", "safe_text"];
  const ANCHOR = "#lotus-guide";

  /** What the widget says itself. The server's words come in the visitor's language by themselves. */
  const WORDS = {
    en: {
      names: { visitor: "You", assistant: "AI assistant", staff: "Clinic staff", notice: "Notice" },
      resources: [
        { title: "Call 911", payload: "tel:911" },
        { title: "Call 988", payload: "tel:988" },
        { title: "Text 988", payload: "sms:988" },
      ],
      help: "Help right now",
      emergency: "Emergency? ",
      suicidal: "Suicidal thoughts? ",
      clinic: "Clinic ",
      notForEmergencies: " (not for emergencies)",
      restarted: "Your earlier chat is no longer available, so a new one starts.",
      refilled: " Your last message did not reach us; it is back in the text field.",
      staffHere: "A person from the clinic is in this chat",
      sending: "Sending…",
      notSent: "Not sent",
      maybeLost: "Your message may not have reached us. Nothing is lost: you can send it again.",
      tooMany: "That was a lot at once. Please wait a moment, then send it again.",
      refused: "This message could not be taken.",
      slow: "Your message has arrived, but the answer is taking long.",
      sendAgain: "Send again",
      sources: "Sources",
      moreSources: (count) => `${count} more sources`,
      readMore: "Read more in the library",
      look: "Look in the library",
      newTab: " (opens in a new tab)",
      unreachable: "The assistant cannot be reached right now. We keep trying. You do not have to wait for it:",
      tryAgain: "Try again",
      notConnected: "Not connected yet. The numbers above work without it.",
      connecting: "Connecting… You can write once the assistant has introduced itself.",
      somebody: "A person from the clinic",
      types: (name) => `${name} is typing…`,
      assistantWrites: "AI assistant is writing…",
      left: (count) => (count > 0 ? `${count} characters left` : "No characters left"),
      unread: (count) => `Chat: ${count} new`,
      ask: (title) => `Ask ${title}`,
      clearQuestion:
        "Clear this chat? This device's copy goes and a new chat starts. The clinic's copy stays for the number of " +
        "days named in the first message.",
      yesClear: "Yes, clear",
      keep: "Keep it",
      leave: "Leave quickly",
      close: "Close",
      clear: "Clear chat",
      conversation: "Conversation",
      placeholder: "Write your question",
      send: "Send",
      yourMessage: "Your message",
      chat: "Chat",
    },
    es: {
      names: { visitor: "Usted", assistant: "Asistente de IA", staff: "Personal de la clínica", notice: "Aviso" },
      resources: [
        { title: "Llamar al 911", payload: "tel:911" },
        { title: "Llamar al 988 (oprima 2)", payload: "tel:988" },
        { title: "Enviar AYUDA al 988", payload: "sms:988?body=AYUDA" },
      ],
      help: "Ayuda ahora mismo",
      emergency: "¿Emergencia? ",
      suicidal: "¿Piensa en el suicidio? ",
      clinic: "Clínica ",
      notForEmergencies: " (no para emergencias)",
      restarted: "Su chat anterior ya no está disponible; empieza uno nuevo.",
      refilled: " Su último mensaje no nos llegó; está otra vez en el campo de texto.",
      staffHere: "Una persona de la clínica está en este chat",
      sending: "Enviando…",
      notSent: "No enviado",
      maybeLost: "Puede que su mensaje no nos haya llegado. No se pierde nada: puede enviarlo otra vez.",
      tooMany: "Fueron muchos mensajes a la vez. Espere un momento y envíelo otra vez.",
      refused: "No se pudo recibir este mensaje.",
      slow: "Su mensaje llegó, pero la respuesta está tardando.",
      sendAgain: "Enviar otra vez",
      sources: "Fuentes",
      moreSources: (count) => `${count} fuentes más`,
      readMore: "Leer más en la biblioteca (en inglés)",
      look: "Buscar en la biblioteca (en inglés)",
      newTab: " (se abre en otra pestaña)",
      unreachable: "Ahora mismo no hay conexión con el asistente. Seguimos intentándolo. No tiene que esperar:",
      tryAgain: "Intentar otra vez",
      notConnected: "Aún no hay conexión. Los números de arriba funcionan sin ella.",
      connecting: "Conectando… Podrá escribir cuando el asistente se haya presentado.",
      somebody: "Una persona de la clínica",
      types: (name) => `${name} está escribiendo…`,
      assistantWrites: "El asistente de IA está escribiendo…",
      left: (count) => (count > 0 ? `Quedan ${count} caracteres` : "No quedan caracteres"),
      unread: (count) => `Chat: ${count} sin leer`,
      ask: (title) => `Preguntar a ${title}`,
      clearQuestion:
        "¿Borrar este chat? Se borra la copia de este dispositivo y empieza un chat nuevo. La copia de la clínica se guarda los " +
        "días que dice el primer mensaje.",
      yesClear: "Sí, borrar",
      keep: "Conservarlo",
      leave: "Salir rápido",
      close: "Cerrar",
      clear: "Borrar chat",
      conversation: "Conversación",
      placeholder: "Escriba su pregunta",
      send: "Enviar",
      yourMessage: "Su mensaje",
      chat: "Chat",
    },
  };
  const PAGE_LANGUAGE = /^es\b/i.test(script.dataset.language || document.documentElement.lang) ? "es" : "en";
  let words = WORDS[PAGE_LANGUAGE];
  const labelled = []; // what is on screen all the time, and what to do where the language changes
  const CLINIC = { title: "385-272-4292", payload: "tel:+13852724292" };

  /** Everything that changes. `epoch` grows when a conversation is given up; late answers of an older one are dropped. */
  const state = { conversation: null, epoch: 0, cursor: "0", active: false, ready: false, open: false, restarts: 0 };
  /** Staff in this chat: whether they have it, until when they count as typing, what they sign with. */
  const staff = { present: false, typingUntil: 0, name: "", signalled: 0 };
  const shown = new Map(); // message id → its element
  const outbox = new Map(); // client_id → what this tab sent and has no final answer for
  const naps = new Set(); // waits that coming back online cuts short
  let stream = null; // AbortController of the open event stream

  // ---------------------------------------------------------------- small helpers

  function log(...words) {
    console.warn("[lotus-guide]", ...words);
  }

  /** An element. Text only ever arrives as text nodes, so no answer can become markup. */
  function el(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === "function") node.addEventListener(name, value);
      else if (value != null && value !== false) node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.filter((child) => child != null));
    return node;
  }

  function icon(path) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    const shape = document.createElementNS(svg.namespaceURI, "path");
    shape.setAttribute("d", path);
    svg.append(shape);
    return svg;
  }

  function webAddress(text) {
    return /^https?:\/\//i.test(text || "") ? text : null;
  }

  /** A version 4 UUID; crypto.randomUUID is missing on plain http. */
  function randomId() {
    const random = () => crypto.getRandomValues(new Uint8Array(1))[0];
    const digit = (kept) => (kept === "x" ? random() & 15 : (random() & 3) | 8).toString(16);
    return "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx".replace(/[xy]/g, digit);
  }

  /** Ids grow; longer is later, so numbers beyond 2^53 compare as well. */
  function isLater(a, b) {
    return a.length === b.length ? a > b : a.length > b.length;
  }

  function backoff(attempt) {
    const step = Math.min(15000, 500 * 2 ** attempt);
    return Math.max(500, step * (0.5 + Math.random() / 2));
  }

  function nap(milliseconds) {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        naps.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, milliseconds);
      naps.add(wake);
    });
  }

  // ---------------------------------------------------------------- storage: this tab only

  function load() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(STORAGE_KEY));
      return kept && kept.id && kept.token ? kept : null;
    } catch {
      return null; // storage is blocked or was written by somebody else: start afresh
    }
  }

  function save() {
    try {
      if (state.conversation) sessionStorage.setItem(STORAGE_KEY, JSON.stringify(state.conversation));
      else sessionStorage.removeItem(STORAGE_KEY);
    } catch {
      // Blocked storage costs the conversation on reload, nothing else.
    }
  }

  // ---------------------------------------------------------------- server

  class HttpError extends Error {
    constructor(status, message) {
      super(message || `HTTP ${status}`);
      this.status = status;
      this.told = message; // what the server wants the visitor to read
    }
  }

  function headers(more) {
    const token = state.conversation && state.conversation.token;
    return token ? { Authorization: `Bearer ${token}`, ...more } : more || {};
  }

  async function call(path, { body, timeout }) {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), timeout);
    try {
      const response = await fetch(API + path, {
        method: body ? "POST" : "GET",
        headers: headers(body && { "Content-Type": "application/json" }),
        body: body && JSON.stringify(body),
        credentials: "omit",
        cache: "no-store",
        keepalive: Boolean(body), // a message sent just before "Leave quickly" still goes out
        signal: abort.signal,
      });
      if (!response.ok) throw await toError(response);
      return await response.json();
    } finally {
      clearTimeout(timer);
    }
  }

  async function toError(response) {
    const answer = await response.json().catch(() => null);
    return new HttpError(response.status, answer && answer.error && answer.error.message);
  }

  function isGone(error) {
    return error.status === 401 || error.status === 404;
  }

  function isRefusal(error) {
    return error.status >= 400 && error.status < 500;
  }

  // ---------------------------------------------------------------- conversation

  /** Creates or restores the conversation, as often as it takes, then follows it. */
  async function connect() {
    const epoch = ++state.epoch;
    state.active = true;
    setReady(false);
    for (let attempt = 0; epoch === state.epoch; attempt++) {
      const slow = setTimeout(() => epoch === state.epoch && showConnectionNotice(), SLOW_START_MS);
      try {
        const known = state.conversation;
        const path = known ? `/${known.id}/messages?after=0` : "";
        const answer = await call(path, { body: known ? null : {}, timeout: START_TIMEOUT_MS });
        if (epoch !== state.epoch) return;
        if (!known) state.conversation = { id: answer.id, token: answer.token, open: state.open };
        receiveQuietly(answer.messages, Boolean(known));
        save();
        if (!state.ready) throw new Error("no disclosure yet");
        removeConnectionNotice();
        follow(epoch);
        resendFailed();
        return;
      } catch (error) {
        if (epoch !== state.epoch) return;
        log("cannot connect:", error.message);
        if (state.conversation && isGone(error)) return restart();
        showConnectionNotice(isRefusal(error) && error.told);
      } finally {
        clearTimeout(slow);
      }
      await nap(backoff(attempt));
    }
  }

  /** The server no longer knows this conversation: say so and begin another. */
  async function restart() {
    const unsent = [...outbox.values()].filter((entry) => entry.body.text && entry.retryable && !entry.id);
    forget();
    if (unsent.length) refill(unsent.map((entry) => entry.body.text).join("\n"));
    showNotice(words.restarted + (unsent.length ? words.refilled : ""));
    if (!state.open) return; // opening starts it
    const epoch = state.epoch;
    state.active = true;
    // A server that refuses every new conversation too must not be asked without pause.
    if (state.restarts++) await nap(backoff(state.restarts));
    if (epoch === state.epoch) connect();
  }

  function forget() {
    state.epoch++;
    state.active = false;
    if (stream) stream.abort();
    state.conversation = null;
    state.cursor = "0";
    shown.clear();
    outbox.clear();
    connectionNotice = null;
    view.log.replaceChildren();
    setPresence(false);
    setReady(false);
    showTyping();
    save();
  }

  /** Reads the event stream until this conversation is given up, and comes back after every break. */
  async function follow(epoch) {
    for (let attempt = 0; epoch === state.epoch; attempt++) {
      try {
        await readStream(epoch, () => {
          attempt = 0;
          state.restarts = 0;
        });
      } catch (error) {
        if (epoch !== state.epoch) return;
        if (isGone(error)) return restart();
        log("stream ended:", error.message);
      }
      if (epoch === state.epoch) await nap(backoff(attempt));
    }
  }

  async function readStream(epoch, onLife) {
    const abort = (stream = new AbortController());
    let timer = setTimeout(() => abort.abort(), SILENCE_MS);
    try {
      const response = await fetch(`${API}/${state.conversation.id}/events`, {
        headers: headers({ Accept: "text/event-stream", "Last-Event-ID": state.cursor }),
        credentials: "omit",
        cache: "no-store",
        signal: abort.signal,
      });
      if (!response.ok) throw await toError(response);
      setPresence(false); // the stream says so right away where staff have the chat
      resendFailed();
      const reader = response.body.getReader();
      const decoder = new TextDecoder();
      let rest = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done || epoch !== state.epoch) return;
        clearTimeout(timer);
        timer = setTimeout(() => abort.abort(), SILENCE_MS);
        onLife();
        const events = (rest + decoder.decode(value, { stream: true })).split(/\r\n\r\n|\n\n|\r\r/);
        rest = events.pop();
        events.forEach(receiveEvent);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  function receiveEvent(block) {
    const event = { event: "message", data: [] };
    for (const line of block.split(/\r\n|\n|\r/)) {
      const [, field, value] = /^([^:]+):? ?(.*)$/.exec(line) || [];
      if (field === "data") event.data.push(value);
      else if (field) event[field] = value;
    }
    if (!event.data.length) return;
    try {
      const told = JSON.parse(event.data.join("\n"));
      if (event.event === "presence") setPresence(told.staff);
      else if (event.event === "typing") setStaffTyping(told.on);
      if (event.event !== "message") return;
      receive([told]);
      // Only stream and restore move the cursor: both are gapless, an answer to a POST is not.
      advance(event.id || told.id);
    } catch (error) {
      log("unreadable event", event.id, error.message);
    }
  }

  function setPresence(present) {
    staff.present = present;
    if (!present) staff.typingUntil = 0;
    view.subtitle.textContent = present ? words.staffHere : words.names.assistant;
    showTyping();
  }

  /** The conversation's language as the server heard it in a message; labels on screen follow, nothing is read out anew. */
  function setLanguage(language) {
    if (!WORDS[language]) return;
    if (state.conversation) state.conversation.language = language;
    save();
    if (words === WORDS[language]) return;
    words = WORDS[language];
    const hadFocus = view.resources.contains(view.shadow.activeElement);
    view.log.setAttribute("aria-live", "off");
    for (const apply of labelled) apply();
    if (hadFocus) view.resources.querySelector("a").focus();
    for (const node of view.log.querySelectorAll(".message")) {
      node.querySelector(".who").textContent = whoWrote(node.dataset.role, node.dataset.author);
    }
    if (!state.ready) view.hint.textContent = words.connecting;
    setPresence(staff.present);
    setTimeout(() => view.log.setAttribute("aria-live", "polite"), 500);
  }

  function setStaffTyping(on) {
    staff.typingUntil = on ? Date.now() + 2 * SIGNAL_MS : 0;
    if (on) setTimeout(showTyping, 2 * SIGNAL_MS + 50);
    showTyping();
  }

  /** Tells staff that something is being typed, never what. It may get lost. */
  function signalTyping() {
    if (!staff.present || !view.input.value.trim() || Date.now() - staff.signalled < SIGNAL_MS) return;
    staff.signalled = Date.now();
    const address = `${API}/${state.conversation.id}/typing`;
    fetch(address, { method: "POST", headers: headers(), credentials: "omit" }).catch(() => {});
  }

  function advance(id) {
    if (id != null && isLater(String(id), state.cursor)) state.cursor = String(id);
  }

  function reconnectNow() {
    if (stream) stream.abort(); // a stream that survived a sleep often hangs without an error
    for (const wake of [...naps]) wake();
    resendFailed();
  }

  // ---------------------------------------------------------------- sending

  function sendDraft() {
    const text = view.input.value.trim();
    if (!text || !state.ready) return;
    view.input.value = "";
    draftChanged();
    send({ client_id: randomId(), text }, text);
  }

  function sendChoice(button) {
    const waiting = [...outbox.values()].some((entry) => entry.sending && entry.body.payload === button.payload);
    if (!waiting && state.ready) send({ client_id: randomId(), payload: button.payload }, button.title);
  }

  function send(body, label) {
    const node = buildMessage({ role: "visitor", kind: "pending", text: label });
    const entry = { body, label, node, id: null, sending: false, notice: null, retryable: true };
    outbox.set(body.client_id, entry);
    place(node, "");
    deliver(entry);
    reveal([node]);
  }

  async function deliver(entry) {
    if (entry.sending || !state.conversation) return;
    const epoch = state.epoch;
    entry.sending = true;
    mark(entry, words.sending);
    showTyping();
    try {
      const path = `/${state.conversation.id}/messages`;
      const answer = await call(path, { body: entry.body, timeout: SEND_TIMEOUT_MS });
      if (epoch !== state.epoch) return;
      const own = answer.messages.find((message) => message.role === "visitor");
      if (own) own.client_id = entry.body.client_id;
      if (entry.body.text || answer.language !== "en") setLanguage(answer.language); // a tap on a Spanish page tells nothing
      receive(answer.messages);
      mark(entry, "");
      dropNotice(entry); // not before: the numbers stay while it is tried again
      if (entry.id) outbox.delete(entry.body.client_id); // without an id it waits for its stored copy
    } catch (error) {
      if (epoch !== state.epoch) return;
      log("not sent:", error.message);
      if (isGone(error)) restart();
      else if (isAnswered(entry)) outbox.delete(entry.body.client_id);
      else showFailure(entry, error);
    } finally {
      entry.sending = false;
      showTyping();
    }
  }

  function showFailure(entry, error) {
    const refused = isRefusal(error);
    entry.retryable = !refused || error.status === 429;
    mark(entry, entry.id ? "" : words.notSent);
    let text = words.maybeLost;
    if (error.status === 429) text = error.told || words.tooMany;
    else if (refused) text = error.told || words.refused;
    else if (entry.id) text = words.slow;
    if (entry.notice && entry.notice.querySelector(".text").textContent === text) return;
    if (!entry.retryable && entry.body.text) refill(entry.body.text);
    dropNotice(entry);
    const again = entry.retryable && actionButton(words.sendAgain, () => deliver(entry));
    entry.notice = localNotice(text, again);
    entry.node.after(entry.notice);
    entry.notice.dataset.order = entry.id || "";
    reveal([entry.notice]);
  }

  /** The connection is back: what failed for lack of it goes out again; its client_id keeps it single. */
  function resendFailed() {
    for (const entry of outbox.values()) if (entry.retryable && entry.notice) deliver(entry);
  }

  function refill(text) {
    view.input.value = [text, view.input.value].filter(Boolean).join("\n");
    draftChanged();
  }

  function mark(entry, told) {
    const node = entry.node.querySelector(".sent") || entry.node.appendChild(el("p", { class: "sent", "aria-hidden": "true" }));
    if (told) node.textContent = told;
    else node.remove();
  }

  /** Removes a notice; the focus may be on its button and must not fall out of the panel. */
  function takeAway(notice) {
    const hadFocus = notice && notice.contains(view.shadow.activeElement);
    if (notice) notice.remove();
    if (hadFocus) focusInside();
  }

  function dropNotice(entry) {
    takeAway(entry.notice);
    entry.notice = null;
  }

  // ---------------------------------------------------------------- receiving

  /** Shows messages once each, in id order, whichever way they came. */
  function receive(messages) {
    const stick = isAtEnd();
    const fresh = messages.map(receiveOne).filter(Boolean);
    if (!fresh.length) return;
    if (messages.some((message) => message.kind === "disclosure")) setReady(true);
    if (stick) reveal(fresh);
    noteUnread(messages);
  }

  function receiveOne(message) {
    if (message.author) staff.name = message.author.split(",")[0];
    if (message.role === "staff") staff.typingUntil = 0;
    const entry = message.role === "visitor" ? findPending(message) : null;
    if (message.id == null) return receiveUnstored(message, entry);
    const id = String(message.id);
    if (shown.has(id)) {
      if (entry && !entry.id) adopt(entry, id, shown.get(id));
      return null;
    }
    const node = entry ? entry.node : buildMessage(message);
    shown.set(id, node);
    if (!node.dataset.order) place(node, id); // an unstored one that got its id keeps its place before the reply
    if (entry) {
      adopt(entry, id, node);
      confirmText(node, message);
    } else if (message.role !== "visitor") {
      settleAnswered();
    }
    return entry ? null : node;
  }

  /** The server could not store this turn and answers all the same, without ids: shown where the talk now ends. */
  function receiveUnstored(message, entry) {
    const node = entry ? entry.node : buildMessage(message);
    const orders = [...view.log.children].map((other) => other.dataset.order).filter(Boolean);
    place(node, orders.pop() || "0");
    if (entry) entry.retryable = false;
    return entry ? null : node;
  }

  /** The bubble that waits for this message; without a client_id the words decide. */
  function findPending(message) {
    if (message.client_id) return outbox.get(message.client_id);
    return [...outbox.values()].find((entry) => !entry.id && entry.label === message.text);
  }

  function adopt(entry, id, node) {
    if (entry.node !== node) entry.node.remove();
    entry.node = node;
    entry.id = id;
    mark(entry, "");
    if (!entry.sending) dropNotice(entry);
  }

  /** Changes the pending bubble in place: putting in a new one would be announced a second time. */
  function confirmText(node, message) {
    const text = node.querySelector(".text");
    if (message.text && text.textContent !== message.text) text.textContent = message.text;
    describe(node, message);
  }

  /** A reply that came by the stream makes "the answer is taking long" untrue. */
  function settleAnswered() {
    for (const [key, entry] of outbox) {
      if (!isAnswered(entry)) continue;
      dropNotice(entry);
      if (!entry.sending) outbox.delete(key);
    }
    showTyping();
  }

  /**
   * Replies do not say whose they are. Only one that stands right behind a message, with no other message waiting
   * before it, is taken for its answer; in doubt the notice with the numbers comes.
   */
  function isAnswered(entry) {
    const all = [...view.log.querySelectorAll("[data-id]")];
    const at = all.indexOf(entry.node);
    const isReply = (node) => Boolean(node) && node.dataset.role !== "visitor";
    return at > 0 && isReply(all[at - 1]) && isReply(all[at + 1]);
  }

  /** A restored conversation is not read out from its beginning. */
  function receiveQuietly(messages, restored) {
    if (restored) view.log.setAttribute("aria-live", "off");
    receive(messages);
    messages.forEach((message) => advance(message.id));
    if (restored) setTimeout(() => view.log.setAttribute("aria-live", "polite"), 500);
  }

  function noteUnread(messages) {
    const ids = messages.map((message) => String(message.id || "0"));
    const last = ids.reduce((a, b) => (isLater(b, a) ? b : a), "0");
    const kept = state.conversation;
    if (!kept) return;
    const seen = kept.seen || "0";
    if (state.open) {
      if (isLater(last, seen)) kept.seen = last;
      save();
    } else {
      labelLauncher([...shown].filter(([id, node]) => isLater(id, seen) && node.dataset.role !== "visitor").length);
    }
  }

  // ---------------------------------------------------------------- messages on screen

  function describe(node, message) {
    node.dataset.role = message.role;
    node.dataset.kind = message.kind || "";
    node.dataset.topic = message.topic || "";
    node.dataset.author = message.author || "";
    if (message.id != null) node.dataset.id = message.id;
  }

  function buildMessage(message) {
    const urgent = URGENT.includes(message.kind);
    const node = el(
      "div",
      { class: urgent ? "message urgent" : "message" },
      el("p", { class: "who" }, whoWrote(message.role, message.author)),
      el("p", { class: "text" }, message.text || ""),
      buildSources(message.sources || []),
      buildLibraryLink(message),
      buildButtons(urgent ? withResources(message.buttons || []) : message.buttons || []),
    );
    describe(node, message);
    return node;
  }

  function whoWrote(role, author) {
    return author ? `${author}, ${words.names.staff}` : words.names[role] || words.names.notice;
  }

  /** Urgent words without a number to press would be the one unforgivable bug. */
  function withResources(buttons) {
    return buttons.some((button) => button.payload === "tel:988") ? buttons : [...words.resources, ...buttons];
  }

  const SOURCES_SHOWN = 3;

  function buildSources(sources) {
    if (!sources.length) return null;
    const items = sources.map(({ title, url }) => {
      const address = webAddress(url);
      return el("li", {}, address ? newTabLink(title, address) : title);
    });
    // A long list would push the next question out of sight; the rest opens by key or tap.
    const rest = items.splice(SOURCES_SHOWN);
    const more = rest.length
      ? el("details", {}, el("summary", {}, words.moreSources(rest.length)), el("ul", {}, ...rest))
      : null;
    return el("div", { class: "sources" }, el("p", {}, words.sources), el("ul", {}, ...items), more);
  }

  /**
   * An answer's own page, or the whole library where no answer was found. In a new tab, so that the chat stays. After a
   * crisis the chat leaves some topics to people and offers nothing of ours, so the link is not offered either.
   */
  function buildLibraryLink({ kind, topic }) {
    if (view.log.querySelector('[data-kind="crisis"], [data-kind="medical_emergency"]')) return null;
    if (kind === "answer" && topic) {
      return el("p", { class: "library" }, newTabLink(words.readMore, `${LIBRARY}/${encodeURIComponent(topic)}`));
    }
    return kind === "fallback" ? el("p", { class: "library" }, newTabLink(words.look, LIBRARY)) : null;
  }

  function newTabLink(title, href) {
    const hint = el("span", { class: "unseen" }, words.newTab);
    return el("a", { href, target: "_blank", rel: "noopener noreferrer" }, title, hint);
  }

  function buildButtons(buttons) {
    return buttons.length ? el("div", { class: "buttons" }, ...buttons.map(buildButton)) : null;
  }

  function buildButton(button) {
    if (/^(tel|sms):/.test(button.payload)) return el("a", { class: "call", href: button.payload }, button.title);
    if (/^https:/.test(button.payload)) {
      const link = newTabLink(button.title, button.payload);
      link.className = "action";
      return link;
    }
    return actionButton(button.title, () => sendChoice(button));
  }

  function actionButton(title, click) {
    return el("button", { type: "button", class: "action", click }, title);
  }

  /** A notice of the widget's own; it always carries the numbers. */
  function localNotice(text, action) {
    const node = buildMessage({ role: "notice", kind: "local", text });
    node.append(el("div", { class: "buttons" }, action || null, ...words.resources.map(buildButton)), clinicLine());
    return node;
  }

  function showNotice(text) {
    const node = localNotice(text);
    place(node, "0");
    reveal([node]);
  }

  let connectionNotice = null;

  function showConnectionNotice(told) {
    if (!connectionNotice) {
      connectionNotice = localNotice(told || words.unreachable, actionButton(words.tryAgain, reconnectNow));
      place(connectionNotice, "");
      reveal([connectionNotice]);
    } else if (told) {
      connectionNotice.querySelector(".text").textContent = told;
    }
    view.hint.textContent = words.notConnected;
  }

  function removeConnectionNotice() {
    takeAway(connectionNotice);
    connectionNotice = null;
  }

  /** Puts a node where its id belongs; what has no id yet ("") stays last. Moves nothing that is in place. */
  function place(node, id) {
    node.dataset.order = id;
    const others = [...view.log.children].filter((other) => other !== node);
    const next = others.find((other) => id && (!other.dataset.order || isLater(other.dataset.order, id))) || null;
    if (!node.isConnected || next !== node.nextElementSibling) view.log.insertBefore(node, next);
  }

  // In a very low panel the whole frame scrolls instead of the log, so both are asked and both are moved.
  function isAtEnd() {
    return [view.log, view.frame].every((box) => box.scrollHeight - box.scrollTop - box.clientHeight < 80);
  }

  /** Scrolls to the end of what is new, but never past its beginning: people read from the top. */
  function reveal(nodes) {
    const top = view.resources.getBoundingClientRect().bottom + 8;
    const bottom = view.composer.getBoundingClientRect().top - 8;
    const over = nodes[nodes.length - 1].getBoundingClientRect().bottom - bottom;
    const room = nodes[0].getBoundingClientRect().top - top;
    for (const box of [view.log, view.frame]) box.scrollTop += Math.max(0, Math.min(over, room));
  }

  // ---------------------------------------------------------------- panel

  function setReady(ready) {
    const hadFocus = view.shadow.activeElement === view.panel;
    state.ready = ready;
    view.input.disabled = view.send.disabled = !ready;
    view.hint.hidden = ready;
    view.hint.textContent = words.connecting;
    if (ready && hadFocus) focusInside();
  }

  function showTyping() {
    const busy = [...outbox.values()].some((entry) => entry.sending && !isAnswered(entry));
    let told = "";
    // While staff have the chat, the assistant writes nothing.
    if (staff.present) told = Date.now() < staff.typingUntil ? words.types(staff.name || words.somebody) : "";
    else if (busy) told = words.assistantWrites;
    if (view.typing.textContent !== told) view.typing.textContent = told;
  }

  function draftChanged() {
    const left = MAX_LENGTH - view.input.value.length;
    view.counter.hidden = MAX_LENGTH - left < COUNTER_FROM;
    view.counter.textContent = words.left(left);
    signalTyping();
  }

  function open({ focus = true } = {}) {
    state.open = true;
    view.panel.hidden = false;
    view.launcherBox.hidden = true;
    labelLauncher();
    fitKeyboard();
    if (state.conversation) {
      state.conversation.open = true;
      noteUnread([...shown.keys()].map((id) => ({ id })));
      const last = view.log.lastElementChild;
      if (last) reveal([last]);
    } else if (!state.active) {
      connect();
    }
    if (focus) focusInside();
  }

  /** A touch screen's keyboard would cover the disclosure, so there the panel itself takes the focus. */
  function focusInside() {
    const typing = state.ready && matchMedia("(pointer: fine)").matches;
    (typing ? view.input : view.panel).focus({ preventScroll: true });
  }

  function onPageClick(event) {
    const link = event.target.closest && event.target.closest("a");
    const here = link && link.hash === ANCHOR && !event.defaultPrevented;
    if (!here || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open();
  }

  function close() {
    state.open = false;
    if (state.conversation) state.conversation.open = false;
    save();
    hideClearQuestion();
    view.panel.hidden = true;
    view.launcherBox.hidden = false;
    view.launcher.focus();
  }

  function labelLauncher(unread) {
    view.launcherText.textContent = unread ? words.unread(unread) : words.ask(TITLE);
    view.launcher.setAttribute("aria-expanded", String(state.open));
  }

  /** Nothing of the chat may be on screen or come back with the browser's back button. */
  function leaveQuickly() {
    forget();
    view.input.value = "";
    view.host.remove();
    location.replace(LEAVE_URL);
  }

  function askClear() {
    view.question.hidden = false;
    view.question.querySelector("button").focus();
  }

  function hideClearQuestion() {
    view.question.hidden = true;
  }

  function clearChat() {
    hideClearQuestion();
    view.input.value = "";
    draftChanged();
    forget();
    connect();
    view.panel.focus();
  }

  function onPanelKey(event) {
    if (event.isComposing) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      if (view.question.hidden) return close();
      hideClearQuestion();
      view.clear.focus();
    } else if (event.key === "Tab" && matchMedia(FULL_SCREEN).matches) {
      keepFocusInside(event);
    }
  }

  /** Full screen, the page behind is covered: the focus must not wander where nobody sees it. */
  function keepFocusInside(event) {
    const stops = [...view.panel.querySelectorAll("a, button, textarea, [tabindex='0']")].filter(
      (stop) => !stop.disabled && stop.getClientRects().length,
    );
    const at = view.shadow.activeElement;
    const edge = event.shiftKey ? stops[0] : stops[stops.length - 1];
    if (at !== edge && !(event.shiftKey && at === view.panel)) return;
    event.preventDefault();
    (event.shiftKey ? stops[stops.length - 1] : stops[0]).focus();
  }

  function onInputKey(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    sendDraft();
  }

  /** iOS lays its keyboard over fixed elements instead of shrinking the page. Pinch zoom is left alone. */
  function fitKeyboard() {
    const seen = window.visualViewport;
    if (!seen || Math.abs(seen.scale - 1) > 0.01) return;
    view.panel.style.setProperty("--seen-height", `${seen.height}px`);
    view.panel.style.setProperty("--seen-top", `${seen.offsetTop}px`);
  }

  // ---------------------------------------------------------------- building

  function clinicLine() {
    const link = buildButton(CLINIC);
    link.replaceChildren(el("span", {}, words.clinic), el("span", {}, CLINIC.title));
    return el("p", { class: "clinic" }, link, el("span", {}, words.notForEmergencies));
  }

  /** Does it now, and again where the language changes. */
  function inWords(apply) {
    labelled.push(apply);
    apply();
  }

  /** The element with these words of WORDS as its text, or as the attribute. */
  function worded(node, key, attribute) {
    inWords(() => (attribute ? node.setAttribute(attribute, words[key]) : (node.textContent = words[key])));
    return node;
  }

  function buildResources() {
    const box = worded(el("div", { class: "resources", role: "group" }), "help", "aria-label");
    inWords(() => {
      const [emergency, call988, text988] = words.resources.map(buildButton);
      box.replaceChildren(
        el("p", {}, el("span", {}, words.emergency), emergency),
        el("p", {}, el("span", {}, words.suicidal), call988, " ", text988),
        clinicLine(),
      );
    });
    return box;
  }

  function buildQuestion() {
    return el(
      "div",
      { class: "question", role: "group", "aria-labelledby": "lg-question", hidden: true },
      worded(el("p", { id: "lg-question" }), "clearQuestion"),
      el(
        "div",
        { class: "buttons" },
        worded(actionButton("", clearChat), "yesClear"),
        worded(
          actionButton("", () => {
            hideClearQuestion();
            view.clear.focus();
          }),
          "keep",
        ),
      ),
    );
  }

  function buildHeader(subtitle, clear) {
    return el(
      "div",
      { class: "header" },
      el("div", { class: "names" }, el("h2", { id: "lg-title" }, TITLE), subtitle),
      worded(el("button", { type: "button", class: "leave", click: leaveQuickly }), "leave"),
      clear,
      worded(el("button", { type: "button", class: "close", click: close }, icon("M6 6l12 12M18 6L6 18")), "close", "aria-label"),
    );
  }

  function buildView() {
    const parts = {
      host: el("lotus-guide", { lang: "en" }),
      clear: worded(el("button", { type: "button", click: askClear }), "clear"),
      subtitle: el("p", {}, words.names.assistant),
      resources: buildResources(),
      question: buildQuestion(),
      log: worded(el("div", { class: "log", role: "log", "aria-live": "polite", tabindex: "0" }), "conversation", "aria-label"),
      typing: el("p", { class: "typing", role: "status" }),
      hint: el("p", { class: "hint", id: "lg-hint" }),
      counter: el("p", { class: "counter", id: "lg-counter", hidden: true }),
      input: el("textarea", {
        id: "lg-input",
        rows: "2",
        maxlength: String(MAX_LENGTH),
        "aria-describedby": "lg-hint lg-counter",
        disabled: true,
        keydown: onInputKey,
        input: draftChanged,
      }),
      send: worded(el("button", { type: "button", class: "send", disabled: true, click: sendDraft }), "send"),
      launcherText: el("span"),
    };
    worded(parts.input, "placeholder", "placeholder");
    inWords(() => parts.host.setAttribute("lang", words === WORDS.es ? "es" : "en"));
    parts.composer = el(
      "div",
      { class: "composer" },
      parts.hint,
      worded(el("label", { class: "unseen", for: "lg-input" }), "yourMessage"),
      el("div", { class: "row" }, parts.input, parts.send),
      parts.counter,
    );
    parts.frame = el(
      "div",
      { class: "frame" },
      buildHeader(parts.subtitle, parts.clear),
      parts.resources,
      parts.question,
      parts.log,
      parts.typing,
      parts.composer,
    );
    parts.panel = el(
      "div",
      {
        class: "panel",
        id: "lg-panel",
        role: "dialog",
        "aria-labelledby": "lg-title",
        tabindex: "-1",
        hidden: true,
        keydown: onPanelKey,
      },
      parts.frame,
    );
    parts.launcher = el(
      "button",
      { type: "button", class: "launcher", "aria-expanded": "false", "aria-controls": "lg-panel", click: () => open() },
      icon("M12 4c2.4 2.2 3.5 4.6 3.5 7.2M12 4C9.6 6.2 8.5 8.6 8.5 11.2M12 19c-4.5 0-8-2.5-9-8 3.2 0 7 2 9 8zm0 0c4.5 0 8-2.5 9-8-3.2 0-7 2-9 8z"),
      parts.launcherText,
    );
    parts.launcherBox = worded(el("section", { class: "corner" }, parts.launcher), "chat", "aria-label");
    parts.shadow = parts.host.attachShadow({ mode: "open" });
    addStyles(parts.shadow);
    parts.shadow.append(parts.launcherBox, parts.panel);
    return parts;
  }

  /** A constructed sheet passes a CSP that forbids inline styles; a browser without it gets a style element. */
  function addStyles(shadow) {
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLES);
      shadow.adoptedStyleSheets = [sheet];
    } catch {
      shadow.append(el("style", {}, STYLES));
    }
  }

  const FULL_SCREEN = "(max-width: 479.98px), (max-height: 479.98px)";

  const STYLES = `
/* The page's own rules win over :host, so only "important" keeps them out. "medium" follows the reader's setting. */
:host { all: initial !important; }
.corner, .panel {
  font: 400 medium/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  color-scheme: light dark;
  --ink: #1c2b2a; --muted: #4c5d5b; --paper: #fff; --soft: #f3f6f5; --line: #cfdad8; --edge: #6d807d;
  --brand: #1b5b56; --on-brand: #fff; --staff: #eceefa; --alert: #98241b; --alert-soft: #fdf4f1; --focus: #0b57d0;
}
@media (prefers-color-scheme: dark) {
  .corner, .panel {
    --ink: #e6eeec; --muted: #acbcb9; --paper: #182221; --soft: #101817; --line: #364543; --edge: #83958f;
    --brand: #8ed1c8; --on-brand: #0b2421; --staff: #232845; --alert: #ffb4a6; --alert-soft: #2b1a17; --focus: #a8c7fa;
  }
}
*, *::before { box-sizing: border-box; }
[hidden] { display: none !important; }
h2, p, ul { margin: 0; font: inherit; }
button, textarea { font: inherit; color: inherit; }
button, a { touch-action: manipulation; }
button { cursor: pointer; }
button:disabled { cursor: default; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
svg { width: 1.5em; height: 1.5em; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; flex: none; }

.corner { position: fixed; z-index: 2147483000; right: max(16px, env(safe-area-inset-right)); bottom: max(16px, env(safe-area-inset-bottom)); }
.launcher { display: flex; align-items: center; gap: .5em; min-height: 56px; padding: 0 1.375em 0 1.125em; border: 1px solid var(--on-brand); border-radius: 28px; background: var(--brand); color: var(--on-brand); font-weight: 600; box-shadow: 0 2px 6px rgb(0 0 0 / .16), 0 8px 24px rgb(0 0 0 / .16); }

.panel { position: fixed; z-index: 2147483000; right: 20px; bottom: 20px; width: min(420px, calc(100vw - 40px)); height: min(700px, calc(100dvh - 40px)); container-type: size; overflow: hidden; border: 1px solid var(--line); border-radius: 16px; background: var(--paper); color: var(--ink); box-shadow: 0 4px 12px rgb(0 0 0 / .1), 0 16px 48px rgb(0 0 0 / .2); overflow-wrap: anywhere; }
.panel:focus-visible { outline-offset: -3px; }
.frame { display: flex; flex-direction: column; height: 100%; overflow-y: auto; }
@media ${FULL_SCREEN} {
  .panel { inset: var(--seen-top, 0) 0 auto 0; width: 100%; height: var(--seen-height, 100dvh); border: 0; border-radius: 0; }
}

.header { display: flex; flex-wrap: wrap; align-items: center; gap: 2px; padding: 8px 8px 8px 16px; }
.names { flex: 1 1 auto; }
h2 { font-size: 1.0625em; font-weight: 650; line-height: 1.25; }
.names p { color: var(--muted); font-size: .8125em; line-height: 1.3; }
.header button { min-width: 44px; min-height: 44px; padding: 0 .375em; border: 1px solid transparent; border-radius: 10px; background: none; font-size: .875em; }
.header .leave { font-weight: 600; color: var(--brand); }
.header .close { display: grid; place-items: center; }

.resources { display: flex; flex-wrap: wrap; gap: 2px 16px; padding: 8px 16px 2px; border-block: 1px solid var(--line); background: var(--alert-soft); font-size: .875em; line-height: 1.3; }
.resources p > span:first-child { display: block; padding-bottom: 3px; }
.resources .clinic { flex-basis: 100%; }
.call { display: inline-flex; align-items: center; justify-content: center; min-width: 44px; min-height: 44px; padding: .25em .875em; border: 1.5px solid var(--alert); border-radius: 10px; background: var(--paper); color: var(--alert); font-weight: 650; text-decoration: none; }
button:enabled:hover, .call:hover { text-decoration: underline; }

.message .call { font-size: .9375em; }
.clinic { display: flex; align-items: center; gap: .375em; color: var(--muted); line-height: 1.2; }
.clinic .call { flex: none; gap: .375em; padding: 0; border-color: transparent; background: none; color: var(--ink); font-size: 1em; text-decoration: underline; }
.message .clinic { font-size: .875em; }

.question { padding: 12px 16px; border-bottom: 1px solid var(--line); font-size: .9375em; }

.log { flex: 1 1 auto; min-height: 8em; overflow-y: auto; overscroll-behavior: contain; padding: 16px; background: var(--soft); }
.log:focus-visible { outline-offset: -3px; }
.message { width: fit-content; max-width: 92%; margin-bottom: 14px; padding: 10px 14px; border: 1px solid var(--line); border-radius: 14px 14px 14px 4px; background: var(--paper); }
.who { margin-bottom: 2px; color: var(--muted); font-size: .8125em; font-weight: 600; }
.text { white-space: pre-line; }
[data-role="visitor"] { margin-left: auto; border-color: var(--brand); border-radius: 14px 14px 4px; background: var(--brand); color: var(--on-brand); }
[data-role="visitor"] :is(.who, .sent) { color: inherit; }
.sent { font-size: .8125em; text-align: right; }
[data-role="staff"] { border-color: var(--edge); background: var(--staff); }
[data-role="notice"] { width: auto; max-width: none; border-radius: 10px; border-color: var(--edge); }
/* What became of the call for people: quiet lines between the bubbles. */
[data-role="notice"][data-kind="handoff"] { padding: 2px 8px; border-color: transparent; background: none; color: var(--muted); font-size: .9375em; text-align: center; }
[data-role="notice"][data-kind="handoff"] .who { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
[data-role="notice"][data-kind="handoff"] .buttons { justify-content: center; }
[data-kind="disclosure"] { width: auto; max-width: none; border-color: transparent; background: none; padding: 0 2px; font-size: .9375em; }
.urgent { width: auto; max-width: none; border: 2px solid var(--alert); }
.sources { margin-top: 10px; padding-top: 8px; border-top: 1px solid var(--line); font-size: .875em; }
.sources p { font-weight: 600; color: var(--muted); }
.sources ul { padding: 0; list-style: none; }
.sources summary { display: flex; align-items: center; min-height: 44px; color: var(--brand); cursor: pointer; }
.sources summary::before { content: "+"; width: 1em; }
.sources details[open] summary::before { content: "–"; }
.sources li { margin-top: 5px; line-height: 1.35; }
.sources a { display: inline-block; padding-block: 3px; color: var(--brand); }
.library a { display: inline-flex; align-items: center; min-height: 44px; color: var(--brand); font-size: .9375em; font-weight: 600; }
.buttons { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 10px; }
.action { display: inline-flex; align-items: center; min-height: 44px; padding: .375em 1em; border: 1.5px solid var(--brand); border-radius: 22px; background: var(--paper); color: var(--brand); font-size: .9375em; font-weight: 600; line-height: 1.25; text-align: left; text-decoration: none; }

.typing { padding: 0 16px 8px; background: var(--soft); color: var(--muted); font-size: .875em; }
.typing:empty { padding: 0; }
.composer { padding: 10px 12px max(12px, env(safe-area-inset-bottom)); border-top: 1px solid var(--line); background: var(--paper); }
.row { display: flex; gap: 8px; align-items: stretch; }
textarea { flex: 1; min-width: 0; min-height: 48px; padding: .625em .75em; resize: none; border: 1px solid var(--edge); border-radius: 12px; background: var(--paper); line-height: 1.4; field-sizing: content; max-height: 8em; }
textarea::placeholder { color: var(--muted); opacity: 1; }
textarea:disabled { background: var(--soft); }
.send { min-width: 64px; padding: 0 1em; border: 1px solid transparent; border-radius: 12px; background: var(--brand); color: var(--on-brand); font-weight: 600; }
.send:disabled { background: var(--soft); color: var(--muted); border-color: var(--line); }
.hint, .counter { padding: 0 4px 6px; color: var(--muted); font-size: .8125em; }
.counter { padding: 6px 4px 0; text-align: right; }

/* A very low panel (phone on its side, keyboard up, 400 % zoom): one scroller, numbers and text field stay. */
@container (max-width: 24em) {
  .header { padding: 6px 4px 6px 12px; gap: 0; }
  .header button { font-size: .8125em; }
  h2 { font-size: 1em; }
  .resources { padding-inline: 12px; column-gap: 12px; }
  .resources .call { padding-inline: .5em; }
  .clinic .call { padding-inline: 0; }
}
@container (max-width: 22em) {
  .names { flex-basis: calc(100% - 60px); }
  .header .close { order: 1; }
  .header .leave, .header .leave + button { order: 2; }
  .header .leave { margin-left: -.375em; }
}
@container (max-height: 30em) {
  .frame { display: block; scroll-padding: 60px 0 72px; }
  .log { min-height: 4em; overflow: visible; }
  .resources { position: sticky; top: 0; z-index: 1; gap: 6px; padding: 4px 12px; }
  .resources p > span, .hint { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .resources .clinic { flex-basis: auto; }
  .composer { position: sticky; bottom: 0; padding: 6px 8px; }
  textarea { max-height: 4.5em; padding-block: .5em; }
}
@container (max-height: 30em) and (max-width: 30em) {
  .resources { padding-inline: 8px; column-gap: 4px; }
  .resources .call { padding-inline: .375em; }
  .resources .call > span + span { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
}
@media (prefers-reduced-motion: no-preference) {
  .panel { animation: rise .16s ease-out; }
  @keyframes rise { from { transform: translateY(10px); } }
}
@media (forced-colors: active) {
  .urgent { border-width: 4px; }
}
@media print { .corner, .panel { display: none; } }
`;

  // ---------------------------------------------------------------- start

  const view = buildView();

  function begin() {
    document.body.append(view.host);
    labelLauncher();
    setReady(false);
    window.addEventListener("online", reconnectNow);
    window.addEventListener("pageshow", (event) => event.persisted && reconnectNow());
    document.addEventListener("click", onPageClick);
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && reconnectNow());
    if (window.visualViewport) {
      visualViewport.addEventListener("resize", fitKeyboard);
      visualViewport.addEventListener("scroll", fitKeyboard);
    }
    state.conversation = load();
    if (state.conversation) setLanguage(state.conversation.language);
    // A conversation of this tab goes on by itself, so that an answer by staff is not missed while the chat is closed.
    if (state.conversation) connect();
    if (script.dataset.open === "true" || location.hash === ANCHOR || (script.dataset.reopen !== "never" && state.conversation && state.conversation.open)) open({ focus: false });
  }

  if (document.body) begin();
  else document.addEventListener("DOMContentLoaded", begin);
})();
