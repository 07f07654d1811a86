// What HTML and htmx leave open. Everything works without this file; nothing is stored in the browser.
"use strict";

const MESSAGES = {
  default: "That did not send. Your answers are still here. Please try again.",
  offline: "That did not send: there is no connection. Your answers are still here. Please try again.",
  413: "That is too long to send. Your answers are still here. Please shorten them.",
  429: "Too many tries in a short time. Your answers are still here. Please wait a minute.",
};

const isCheck = (element) => element.matches("[data-hx-target$='-error'], [data-hx-trigger^='every'], aside");
const formOf = (element) => element.closest("form");
const isBusy = (form) => form?.getAttribute("aria-busy") === "true";
const say = (text) => { document.getElementById("net-error").textContent = text; };

let pressing = false;
addEventListener("pointerdown", (event) => { pressing = Boolean(event.target.closest?.("button, a")); }, true);
for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => { setTimeout(() => { pressing = false; }); }, true);

// One sending at a time. The button keeps its focus, which `disabled` would take away.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-guard]")) return;
  if (isBusy(form)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  setBusy(form, true);
}, true);

function setBusy(form, busy) {
  form.toggleAttribute("aria-busy", busy);
  if (busy) form.setAttribute("aria-busy", "true");
  for (const button of form.querySelectorAll("button:not([tabindex])")) {
    if (busy) button.setAttribute("aria-disabled", "true");
    else button.removeAttribute("aria-disabled");
  }
}

// A check must not move the button from under a press, nor race with sending.
document.addEventListener("htmx:before:request", (event) => {
  const source = event.detail.ctx.sourceElement;
  const background = isCheck(source) || source.matches("button");
  if (background && (pressing || isBusy(formOf(source)))) event.preventDefault();
});
document.addEventListener("htmx:before:swap", (event) => {
  const source = event.detail.ctx.sourceElement;
  if (isCheck(source) && isBusy(formOf(source))) event.preventDefault();
});

document.addEventListener("htmx:after:swap", () => {
  for (const slot of document.querySelectorAll("[data-for]")) {
    const control = document.getElementById(slot.dataset.for);
    if (!control) continue;
    if (slot.textContent) control.setAttribute("aria-invalid", "true");
    else if (control.hasAttribute("aria-invalid")) {
      control.removeAttribute("aria-invalid");
      document.getElementById("live").textContent = "";
    }
  }
  const wrong = document.querySelector("main .error-summary");
  document.title = (wrong ? "Error: " : "") + document.title.replace(/^Error: /, "");
});

// Errors are read from their heading on, which focus alone would leave above the screen.
document.addEventListener("htmx:after:swap", (event) => {
  const heading = document.querySelector("main .error-summary [autofocus]");
  if (!heading || !event.detail.ctx.sourceElement.matches("form")) return;
  heading.focus({ preventScroll: true });
  heading.parentElement.scrollIntoView({ block: "start" });
});

// Failures leave the page as it is and say so.
document.addEventListener("htmx:error", (event) => {
  if (!isCheck(event.detail.ctx?.sourceElement ?? document.body)) say(MESSAGES.offline);
});
document.addEventListener("htmx:response:error", (event) => {
  const { response, sourceElement, hx } = event.detail.ctx;
  const hasForm = response.status === 422 || (response.status === 400 && hx?.reswap !== "none");
  const shown = hasForm && sourceElement.matches("form");
  if (!shown && !isCheck(sourceElement) && response.status !== 409) say(MESSAGES[response.status] ?? MESSAGES.default);
});
document.addEventListener("htmx:finally:request", (event) => {
  const { sourceElement, response, hx } = event.detail.ctx;
  const form = sourceElement.matches("form") ? sourceElement : null;
  if (form && !hx?.redirect) setBusy(form, false);
  if (response && response.status < 400) say("");
});
addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("[data-guard]").forEach((form) => setBusy(form, false));
});

// A whole date pasted in one of three boxes fills all three, as the server would.
document.addEventListener("paste", (event) => {
  const boxes = [...(event.target.closest("[data-date-parts]")?.querySelectorAll("input") ?? [])];
  const text = event.clipboardData?.getData("text").trim() ?? "";
  const iso = text.match(/^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$/);
  const us = text.match(/^(\w{1,9})[-/. ]+(\d{1,2}),?[-/. ]+(\d{4})$/);
  const parts = iso ? [iso[2], iso[3], iso[1]] : us?.slice(1);
  if (boxes.length !== 3 || !parts) return;
  event.preventDefault();
  boxes.forEach((box, index) => { box.value = parts[index]; });
  boxes[2].focus();
  boxes[2].dispatchEvent(new Event("change", { bubbles: true }));
});

// A sheet to print has a button for it where scripts run.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// A citation opens its source beside the words; its number in the note leads on to the list.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.(".cite a");
  const note = document.getElementById("source-note");
  const source = link && document.getElementById(link.hash.slice(1));
  if (!source || !note?.showPopover || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const copy = source.cloneNode(true);
  copy.querySelectorAll("a[href^='#']").forEach((back) => back.remove());
  const all = Object.assign(document.createElement("a"), { href: link.hash, textContent: "See it in the list of sources" });
  all.addEventListener("click", () => note.hidePopover());
  note.replaceChildren(...copy.childNodes, all);
  note.showPopover({ source: link });
  note.focus();
});
