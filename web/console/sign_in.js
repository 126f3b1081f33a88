/* A click in an email or another site brings no strict cookie along, so the first page looks signed out. Asked from here it is not. */
const already = document.getElementById("already");

fetch("/console/session", { cache: "no-store" })
  .then((response) => response.json())
  .then((answer) => {
    if (!answer.signed_in) return;
    if (document.querySelector("#problem")) already.hidden = false;
    else location.replace(already.dataset.next);
  })
  .catch(() => {});
