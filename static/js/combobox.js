// Text fields that suggest: the ARIA 1.2 combobox with a list (WAI-ARIA APG). Any other text stays allowed.
// Without this file the same fields have a datalist.
"use strict";

const PAUSE = 150;

function upgrade(input) {
  const list = document.createElement("ul");
  list.id = `${input.id}-suggestions`;
  list.className = "suggestions";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.labels[0].textContent);
  list.hidden = true;
  input.after(list);
  input.removeAttribute("list");
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id })) {
    input.setAttribute(name, value);
  }
  let timer;
  let active = -1;

  const show = (open) => {
    list.hidden = !open;
    input.setAttribute("aria-expanded", String(open));
    if (!open) activate(-1);
  };
  const activate = (index) => {
    active = index;
    [...list.children].forEach((option, place) => option.setAttribute("aria-selected", String(place === index)));
    if (index < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", list.children[index].id);
    list.children[index]?.scrollIntoView({ block: "nearest" });
  };
  const close = () => { clearTimeout(timer); show(false); };
  const pick = (option) => {
    input.value = option.dataset.value;
    close();
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const ask = async () => {
    const typed = input.value;
    if (typed.trim().length < 2) return show(false);
    const body = new URLSearchParams({ kind: input.dataset.suggest, q: typed });
    const answer = await fetch(input.form.dataset.suggestFrom, { method: "POST", body }).catch(() => null);
    if (!answer?.ok || input.value !== typed || document.activeElement !== input) return;
    list.innerHTML = await answer.text();
    [...list.children].forEach((option, place) => { option.id = `${list.id}-${place}`; });
    show(list.children.length > 0);
    const count = list.children.length;
    document.getElementById("live").textContent = `${count || "No"} ${count === 1 ? "suggestion" : "suggestions"}`;
  };

  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, PAUSE); });
  input.addEventListener("blur", close);
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => { const option = event.target.closest("[role=option]"); if (option) pick(option); });
  input.addEventListener("keydown", (event) => {
    const count = list.children.length;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) { ask(); return; }
      activate((active + (event.key === "ArrowDown" ? 1 : active < 0 ? 0 : -1) + count) % count);
    } else if (event.key === "Enter" && active >= 0) {
      event.preventDefault();
      pick(list.children[active]);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
    }
  });
}

function upgradeAll() {
  document.querySelectorAll("input[data-suggest][list]").forEach(upgrade);
}
upgradeAll();
document.addEventListener("htmx:after:swap", upgradeAll);
