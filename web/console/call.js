/* One call: a change by somebody else is told, further days come without loading the page, a half-written note is kept. */
import { listen, piece, refreshCount } from "./common.js";

const call = document.getElementById("call");
const changed = document.getElementById("changed");
const note = document.getElementById("note");

async function look() {
  refreshCount();
  const version = await piece(`${call.dataset.here}/version`);
  if (version !== null && version !== call.dataset.version) changed.hidden = false;
}

document.getElementById("note-kept").hidden = false;

/** The note that is being written goes along with whatever is done, and is stored with it. */
for (const form of document.querySelectorAll("#call form")) {
  form.addEventListener("submit", () => {
    if (form.contains(note) || !note.value.trim()) return;
    const kept = form.querySelector("input[name=note]") || document.createElement("input");
    Object.assign(kept, { type: "hidden", name: "note", value: note.value });
    form.append(kept);
  });
}

const times = document.getElementById("times");
if (times) {
  times.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-times]");
    if (!link) return;
    event.preventDefault();
    const html = await piece(link.dataset.times);
    if (html === null) return;
    times.innerHTML = html;
    (times.querySelector("summary") || times).focus();
  });
}

document.getElementById("done")?.focus();
listen("/console/events", { queue: look }, { poll: look, show: () => {} });
