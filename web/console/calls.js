/* The lists of calls, live: the list is put in again when calls have changed; what has the focus keeps it. */
import { listen, piece, refreshCount, showLive, tick } from "./common.js";

const list = document.getElementById("calls");

async function refresh() {
  refreshCount();
  const html = await piece(list.dataset.rows);
  if (html === null || html.trim() === list.innerHTML.trim()) return;
  const focused = list.contains(document.activeElement) ? document.activeElement.id : null;
  list.innerHTML = html;
  tick(list);
  if (focused !== null) (document.getElementById(focused) || document.getElementById("main")).focus();
}

listen("/console/events", { queue: refresh }, { poll: refresh, show: showLive(document.getElementById("live")) });
