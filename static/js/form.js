// The referral form at work: Enter moves on, and the assessment beside it stays as it was left.
// Without this file Enter presses the form's first button.
"use strict";

const FIELDS = "input:not([type=hidden]), select, textarea";
const referralForm = () => document.getElementById("referral-form");
const isShown = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest("[inert]");

// Where Tab would stop: of radio buttons alike the chosen one, or else the first.
function stops(form) {
  const shown = [...form.querySelectorAll(FIELDS)].filter(isShown);
  return shown.filter((field) => {
    if (field.type !== "radio") return true;
    const alike = shown.filter((other) => other.name === field.name);
    return field === (alike.find((other) => other.checked) ?? alike[0]);
  });
}

function next(form, field) {
  const all = stops(form);
  const place = all.findIndex((other) => other === field || (field.type === "radio" && other.name === field.name));
  return all[place + 1] ?? form.querySelector("button[value=review]");
}

// The last box of the last medication adds a line, unless that line is still empty.
function addsLine(form, field) {
  const row = field.closest("[data-trial]");
  const boxes = row ? [...row.querySelectorAll(FIELDS)].filter(isShown) : [];
  const isLast = row === [...form.querySelectorAll("[data-trial]")].at(-1) && field === boxes.at(-1);
  return isLast && boxes.some((box) => box.value) ? form.querySelector("button[value=add_trial]") : null;
}

document.addEventListener("keydown", (event) => {
  const form = referralForm();
  const field = event.target;
  if (event.key !== "Enter" || event.defaultPrevented || event.isComposing || !form?.contains(field)) return;
  if (event.ctrlKey || event.metaKey) {
    event.preventDefault();
    form.querySelector(".button-row button[value=review]").click();
  } else if (field.matches(FIELDS) && field.type !== "textarea") {
    event.preventDefault();
    const add = addsLine(form, field);
    if (add) add.click();
    else next(form, field).focus();
  }
});

// What is open stays open, and what has the focus keeps it, while the answers change.
const flags = (aside) => [...aside.querySelectorAll(".flag.red")].map((flag) => flag.textContent.trim());
let left = null;
document.addEventListener("htmx:before:swap", (event) => {
  const aside = event.detail.ctx.sourceElement;
  if (aside.id !== "assessment") return;
  const focused = aside.contains(document.activeElement) ? document.activeElement.id : "";
  left = { open: [...aside.querySelectorAll("details[open]")].map((part) => part.id), focused, flags: flags(aside) };
});
document.addEventListener("htmx:after:swap", (event) => {
  const aside = document.getElementById("assessment");
  if (event.detail.ctx.sourceElement !== aside || !left) return;
  left.open.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
  if (left.focused) (document.getElementById(left.focused) ?? aside.querySelector("summary")).focus({ preventScroll: true });
  const news = flags(aside).filter((words) => !left.flags.includes(words));
  if (news.length) document.getElementById("live").textContent = news.join(" ");
  left = null;
});
