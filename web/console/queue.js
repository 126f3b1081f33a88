/* The queue, live: new ones are announced, counted in the title, and sounded where that is switched on. */
import { listen, piece, refreshCount, showLive, tick } from "./common.js";

const list = document.getElementById("queue");
const announce = document.getElementById("announce");
const live = document.getElementById("live");
const sound = document.getElementById("sound");
const hint = document.getElementById("sound-hint");
const KEPT = "lotus-console-sound";
const title = document.title;
const known = new Map(); // escalation id → when it was last raised
let audio = null;
let unlooked = 0;

document.querySelector("[data-tools]").hidden = false;

function rows() {
  return [...list.querySelectorAll("[data-escalation]")];
}

function remember() {
  for (const row of rows()) known.set(row.dataset.escalation, row.dataset.raised);
}

async function refresh() {
  const html = await piece("/console/queue-rows");
  if (html === null || html === list.innerHTML) return;
  const focused = list.contains(document.activeElement) ? document.activeElement.id : null;
  list.innerHTML = html;
  tick(list);
  if (focused) (document.getElementById(focused) || document.getElementById("main")).focus();
  const fresh = rows().filter((row) => row.dataset.open && known.get(row.dataset.escalation) !== row.dataset.raised);
  remember();
  if (fresh.length) tell(fresh);
}

function tell(fresh) {
  const words = fresh.map((row) => row.querySelector(".first").textContent.trim().replace(/\s+/g, " "));
  announce.textContent = `New in the queue: ${words.join("; ")}`;
  if (document.visibilityState !== "visible") unlooked += fresh.length;
  badge();
  if (sound.getAttribute("aria-checked") === "true") ring();
}

/** How many wait for somebody; those that came while nobody looked are shown with an exclamation mark. */
function badge() {
  const waiting = rows().filter((row) => row.dataset.open).length;
  document.title = `${unlooked ? "! " : ""}${waiting ? `(${waiting}) ` : ""}${title}`;
}

/** Two soft tones, from the browser itself: nothing is loaded. */
function ring() {
  if (!audio) return;
  [659, 880].forEach((frequency, index) => {
    const at = audio.currentTime + index * 0.28;
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(0.0001, at);
    volume.gain.exponentialRampToValueAtTime(0.25, at + 0.03);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.26);
    tone.connect(volume).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.28);
  });
}

function showSound() {
  const on = sound.getAttribute("aria-checked") === "true";
  const blocked = on && (!audio || audio.state !== "running");
  hint.textContent = blocked ? "The browser holds the sound back until you click or press a key here." : "";
}

function switchSound(on) {
  sound.setAttribute("aria-checked", String(on));
  try {
    localStorage.setItem(KEPT, on ? "on" : "off");
  } catch {
    // Blocked storage: the switch is off again after a reload.
  }
  if (on && !audio) {
    audio = new AudioContext();
    audio.onstatechange = showSound;
  }
  if (on) audio.resume();
  showSound();
}

sound.addEventListener("click", () => {
  switchSound(sound.getAttribute("aria-checked") !== "true");
  if (sound.getAttribute("aria-checked") === "true") ring();
});

try {
  if (localStorage.getItem(KEPT) === "on") switchSound(true);
} catch {
  // Without storage it starts switched off.
}
for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, () => audio && audio.resume());

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "visible") return;
  unlooked = 0;
  badge();
});

remember();
badge();
const look = () => {
  refresh();
  refreshCount();
};
listen("/console/events", { queue: look }, { poll: look, show: showLive(live) });
