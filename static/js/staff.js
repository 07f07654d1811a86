// Keys of the desk (docs/desk.md). Everything works without this file; nothing is stored in the browser.
"use strict";

const links = () => [...document.querySelectorAll("[data-row] [data-open]")];
const typing = (element) => element.closest("input, textarea, select, [contenteditable]") !== null;
const covered = () => document.querySelector("dialog[open], :popover-open") !== null;

function move(step) {
  const all = links();
  const from = all.findIndex((link) => link.closest("[data-row]").contains(document.activeElement));
  const to = from < 0 ? (step > 0 ? 0 : all.length - 1) : from + step;
  all[to]?.focus();
  return all.length > 0;
}

function claim() {
  const row = document.activeElement?.closest("[data-row]");
  const button = (row ?? document.getElementById("case"))?.querySelector("[data-claim]");
  button?.click();
  return button;
}

function note() {
  const form = document.getElementById("do-note");
  if (!form) return false;
  form.open = true;
  form.querySelector("textarea").focus();
  return true;
}

function back() {
  const link = document.querySelector("[data-back]");
  link?.click();
  return link;
}

function help() {
  const keys = document.getElementById("keys");
  keys.showPopover();
  keys.querySelector("[popovertarget]").focus();
  return true;
}

const KEYS = { j: () => move(1), k: () => move(-1), c: claim, n: note, u: back, "?": help };

document.addEventListener("keydown", (event) => {
  if (!document.querySelector("[data-keys]") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.defaultPrevented || event.isComposing || event.repeat && !"jk".includes(event.key)) return;
  if (typing(event.target) || covered()) return;
  if (Object.hasOwn(KEYS, event.key) && KEYS[event.key]()) event.preventDefault();
});
