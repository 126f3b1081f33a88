/* What all pages of the console share: ages that tick, requests with the form token, the signed-out banner. */

export function ageWords(since, now = Date.now()) {
  const minutes = Math.max(0, Math.floor((now - new Date(since).getTime()) / 60000));
  if (minutes < 1) return "under 1 min";
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

export function tick(root = document) {
  for (const time of root.querySelectorAll("time[data-since]")) {
    const words = ageWords(time.dataset.since);
    if (time.textContent !== words) time.textContent = words;
  }
  for (const time of root.querySelectorAll("time[data-until]")) {
    const left = Date.parse(time.dataset.until) - Date.now();
    const words = left <= 0 ? "now" : `in ${ageWords(0, left)}`;
    if (time.textContent !== words) time.textContent = words;
  }
}

/** How many calls wait, in the navigation. */
export async function refreshCount() {
  const place = document.getElementById("calls-count");
  const html = place && (await piece("/console/calls/count"));
  if (html && html.trim() !== place.innerHTML.trim()) place.innerHTML = html.trim();
}

/** Words beside the dot that says whether a page is live. */
export function showLive(live) {
  return (state) => {
    live.hidden = false;
    live.textContent = state === "live" ? "Live" : "Not live: looking every 10 seconds";
    live.dataset.state = state;
  };
}

export function showSignedOut() {
  const banner = document.getElementById("signed-out");
  if (!banner.hidden) return;
  banner.querySelector("a").href = `/console/sign-in?next=${encodeURIComponent(location.pathname)}`;
  banner.hidden = false;
  document.title = `Signed out! ${document.title}`;
}

/** A piece of a page as HTML; null where it could not be read, which the caller tries again. */
export async function piece(address) {
  try {
    const response = await fetch(address, { cache: "no-store", headers: { "X-CSRF-Token": token() } });
    if (response.status === 401) showSignedOut();
    return response.ok ? await response.text() : null;
  } catch {
    return null;
  }
}

/** Posts form fields. The answer's status, or 0 where the server cannot be reached. */
export async function post(address, fields = {}) {
  try {
    const response = await fetch(address, {
      method: "POST",
      headers: { "X-CSRF-Token": token() },
      body: new URLSearchParams(fields),
      cache: "no-store",
    });
    if (response.status === 401) showSignedOut();
    return response.status;
  } catch {
    return 0;
  }
}

/**
 * The page's event stream. Where it stays broken, `poll` is called every `seconds` until it is back; `show` hears how
 * it stands: "live", "polling".
 */
export function listen(address, handlers, { poll, seconds = 10, show }) {
  let source = null;
  let timer = null;
  const fallBack = () => {
    show("polling");
    if (!timer) timer = setInterval(poll, seconds * 1000);
  };
  const open = () => {
    source = new EventSource(address);
    source.onopen = () => {
      clearInterval(timer);
      timer = null;
      show("live");
    };
    source.onerror = () => {
      fallBack();
      if (source.readyState !== EventSource.CLOSED) return; // it tries again by itself
      setTimeout(open, 5000);
    };
    for (const [name, handle] of Object.entries(handlers)) source.addEventListener(name, (event) => handle(event.data));
    source.addEventListener("signed-out", () => {
      source.close();
      clearInterval(timer);
      showSignedOut();
    });
  };
  open();
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && poll());
}

function token() {
  const meta = document.querySelector('meta[name="csrf"]');
  return meta ? meta.content : "";
}

setInterval(tick, 10000);
tick();
