/* Search while typing: the server's own result page is fetched and its list put in place of the one on screen. */
(() => {
  "use strict";

  const field = document.getElementById("q");
  const PARTS = ["count", "topics"];
  const PAUSE_MS = 150; // between keystrokes of one word
  let timer, asking;

  async function show() {
    if (asking) asking.abort();
    asking = new AbortController();
    const address = new URL(field.form.action);
    const query = field.value.trim();
    if (query) address.searchParams.set("q", query);
    try {
      const response = await fetch(address, { signal: asking.signal });
      if (!response.ok) return;
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      for (const id of PARTS) document.getElementById(id).replaceChildren(...page.getElementById(id).childNodes);
      document.title = page.title;
      history.replaceState(null, "", address); // "Back" from a topic comes back to what was found
    } catch {
      // The old list stays, and Enter asks the server in the ordinary way.
    }
  }

  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, PAUSE_MS);
  });
})();
