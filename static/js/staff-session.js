// Says when the session is about to end, and covers the page when it has. What was typed stays in the page.
// Without this file the page says in words when the session ends.
"use strict";

const WARN_BEFORE = 120;

const box = document.getElementById("staff-session");

// The back button must not show what was on the screen before signing out.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

if (box) {
  const dialog = box.querySelector("dialog");
  const title = box.querySelector("h2");
  const words = box.querySelector("#session-words");
  const stay = box.querySelector("[data-session=stay]");
  const again = box.querySelector("[data-session=again]");
  const channel = new BroadcastChannel("staff-session");
  let endsAt = 0;
  let before = null;

  const seconds = () => Math.round((endsAt - Date.now()) / 1000);

  function extend(left) {
    endsAt = Date.now() + left * 1000;
    if (dialog.open && left > WARN_BEFORE) close();
  }

  function open() {
    if (dialog.open) return;
    before = document.activeElement;
    dialog.showModal();
    stay.focus();
  }

  function close() {
    document.documentElement.classList.remove("session-over");
    dialog.close();
    before?.focus?.();
  }

  function warn() {
    title.textContent = "Are you still there?";
    words.textContent = `You will be signed out in ${Math.max(1, Math.ceil(seconds() / 60))} min. What you have typed stays in this page.`;
    stay.textContent = "Stay signed in";
    again.hidden = true;
    open();
  }

  function over() {
    document.documentElement.classList.add("session-over");
    title.textContent = "You are signed out";
    words.textContent = "What you have typed is still in this page. Sign in in another tab, then come back and go on.";
    stay.textContent = "I have signed in again";
    again.hidden = false;
    open();
  }

  function somebodyElse() {
    words.textContent = "Somebody else has signed in. What was typed here is not theirs: reload the page to go on.";
  }

  const tell = () => channel.postMessage({ person: box.dataset.person, left: seconds() });

  function look() {
    const left = seconds();
    if (left <= 0) over();
    else if (left <= WARN_BEFORE) warn();
  }

  async function ask() {
    const body = new URLSearchParams({ csrf_token: box.dataset.token });
    const headers = { "HX-Request": "true" };
    try {
      const response = await fetch(box.dataset.stay, { method: "POST", body, headers });
      if (!response.ok) return over();
      if (response.headers.get("X-Signed-In-As") !== box.dataset.person) return somebodyElse();
      extend(Number(response.headers.get("X-Signed-In-For")));
      close();
      tell();
    } catch {
      words.textContent = "There is no connection. Try again.";
    }
  }

  stay.addEventListener("click", ask);
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); ask(); });
  // What is covered opens by its button only: somebody else may have signed in in the other tab.
  channel.addEventListener("message", ({ data }) => {
    if (data.person === box.dataset.person && seconds() > 0) extend(data.left);
  });
  document.addEventListener("htmx:response:error", (event) => {
    if (event.detail.ctx.response.status === 401) { endsAt = 0; over(); }
  });
  document.addEventListener("visibilitychange", look);
  extend(Number(box.dataset.endsIn));
  tell();
  setInterval(look, 1000);
}
