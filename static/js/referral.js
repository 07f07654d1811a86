// The draft of the referral form: the page says what it holds, saves when it is left, and says "saved" only of what is.
// What the server answers is described in blueprints/referrals/saving.py. Nothing is stored in the browser.
"use strict";

{
  const MAX_KEEPALIVE = 60 * 1024;  // Browsers refuse `keepalive` for more than 64 KB.
  const theForm = () => document.querySelector("form#referral-form");
  const held = (form, name) => form.elements[name];
  const typed = (form) => Number(held(form, "seq").value);
  const isSending = (form) => form.getAttribute("aria-busy") === "true";

  let saved = theForm() ? typed(theForm()) : 0;
  let leftWith = saved;

  // Each change of an answer, and each press of a button, is later than the one before.
  const count = (form) => { held(form, "seq").value = String(typed(form) + 1); };
  for (const kind of ["input", "change"]) {
    document.addEventListener(kind, (event) => { if (event.target.form && event.target.form === theForm()) count(theForm()); }, true);
  }
  document.addEventListener("submit", (event) => { if (event.target === theForm()) count(event.target); }, true);

  // `sent` is what the request held; the page may have moved on while it was under way.
  function hold(sent, status, headers) {
    const form = theForm();
    const [id, version] = [headers.get("Draft-Id"), headers.get("Draft-Version")];
    if (!form || !id || held(form, "draft").value !== sent.draft) return;
    const isCopy = id !== sent.draft;
    if (isCopy || Number(version) > Number(held(form, "version").value)) {
      held(form, "draft").value = id;
      held(form, "version").value = version;
    }
    if (status === 409 && !isCopy) return;
    saved = Math.max(saved, sent.seq);
    // Reloading, and coming back, lead to the draft and not to an empty form.
    history.replaceState(history.state, "", `${form.getAttribute("action")}?draft=${id}${location.hash}`);
  }

  function sayWhatBecameOfIt(sent, status, headers, words, isPressed) {
    if (headers.get("Draft-Id") && (status === 204 || words)) saySaved(isPressed);
    if (status === 409) sayRefused(words, headers.get("Draft-Id") ? sent.draft : "");
  }

  function saySaved(isPressed) {
    const time = new Date().toLocaleTimeString("en-US", { hour: "numeric", minute: "2-digit" });
    const words = `Draft saved at ${time}.`;
    document.querySelectorAll("[data-draft-state]").forEach((state) => { state.textContent = words; });
    if (isPressed) document.getElementById("live").textContent = words;
  }

  // A late save of the same page has no words: its answers are no longer the newest, and those are saved.
  function sayRefused(words, other) {
    document.getElementById("net-error").textContent = words;
    const news = document.querySelector("[data-draft-news]");
    if (!news || !words) return;
    const link = Object.assign(document.createElement("a"), { href: `${theForm().getAttribute("action")}?draft=${other}`, textContent: "Open the other version" });
    news.replaceChildren(words, ...(other ? [" ", link] : []));
    news.hidden = false;
  }

  const heldBy = (body) => ({ draft: body.get("draft"), seq: Number(body.get("seq")) });

  document.addEventListener("htmx:finally:request", (event) => {
    const { sourceElement, request, response, hx, text } = event.detail.ctx;
    const isForm = sourceElement.matches("form#referral-form");
    if (!response || !(isForm || sourceElement.matches("#referral-form [name=action]"))) return;
    const [sent, headers] = [heldBy(request.body), response.raw.headers];
    hold(sent, response.status, headers);
    if (!hx?.redirect) sayWhatBecameOfIt(sent, response.status, headers, response.status === 409 ? text : "", isForm);
  });

  // A button may have saved what the form was about to save by itself. Saving it again would only make another version,
  // and a second tab's answers would then seem to be the older ones.
  document.addEventListener("htmx:before:request", (event) => {
    const isBackground = event.detail.ctx.sourceElement.matches("#referral-form [name=action]");
    if (isBackground && typed(theForm()) <= saved) event.preventDefault();
  });

  // Whoever leaves within the two seconds before a draft saves itself, loses nothing.
  function saveBeforeLeaving() {
    const form = theForm();
    if (!form || isSending(form) || typed(form) <= Math.max(saved, leftWith)) return;
    leftWith = typed(form);
    const body = new URLSearchParams(new FormData(form));
    body.set("action", "save");
    body.set("background", "1");
    const options = { method: "POST", body, headers: { "HX-Request": "true" }, keepalive: body.toString().length < MAX_KEEPALIVE };
    fetch(form.getAttribute("action"), options).then(async (response) => {
      const words = response.status === 409 ? await response.text() : "";
      hold(heldBy(body), response.status, response.headers);
      sayWhatBecameOfIt(heldBy(body), response.status, response.headers, words, false);
    }).catch(() => { leftWith = saved; });
  }
  addEventListener("beforeunload", saveBeforeLeaving);
  addEventListener("pagehide", saveBeforeLeaving);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") saveBeforeLeaving(); });
}
