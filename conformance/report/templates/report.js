"use strict";
const shown = document.getElementById("shown");
const none = document.getElementById("none");
const form = document.getElementById("filter");
const rows = [...document.querySelectorAll("[data-verdict]")].map((element) => {
  const [api, area] = element.id.split(".");
  return { element, api, area, verdict: element.dataset.verdict, strength: element.dataset.strength };
});
const said = (row) => (row.text ??= row.element.textContent.toLowerCase());

// What is chosen, as the part of the URL behind #; the empty string where nothing is.
function chosen() {
  return new URLSearchParams([...new FormData(form)].filter(([, value]) => value.trim())).toString();
}

function filter() {
  const data = new FormData(form);
  const verdicts = data.getAll("verdict");
  const words = data.get("text").toLowerCase().split(/\s+/);
  let count = 0;
  for (const row of rows) {
    const matches =
      ["api", "area", "strength"].every((name) => !data.get(name) || data.get(name) === row[name]) &&
      (verdicts.length === 0 || verdicts.includes(row.verdict)) &&
      words.every((word) => said(row).includes(word));
    row.element.hidden = !matches;
    count += matches;
  }
  for (const parent of document.querySelectorAll(".fold, .group")) {
    parent.hidden = !parent.querySelector("[data-verdict]:not([hidden])");
  }
  for (const fold of document.querySelectorAll(".fold > details")) fold.open = chosen() !== "";
  shown.textContent = count === rows.length ? `${count}` : `${count} of ${rows.length}`;
  none.hidden = count > 0;
}

function fragment() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return location.hash.slice(1);
  }
}

// The URL says what is shown: a requirement, which is opened whatever was hidden, or what is chosen.
function show() {
  const target = document.getElementById(fragment());
  if (form && (!target || target.matches("[data-verdict]"))) {
    const asked = new URLSearchParams(target ? "" : location.hash.slice(1));
    for (const field of form.elements) {
      if (field.type === "checkbox") field.checked = asked.getAll(field.name).includes(field.value);
      else if (field.name) field.value = asked.get(field.name) ?? "";
      if (field.selectedIndex === -1) field.value = "";
    }
    filter();
  }
  if (!target?.matches("[data-verdict]")) return;
  for (let closed = target.closest("details"); closed; closed = closed.parentElement.closest("details")) {
    closed.open = true;
  }
  target.querySelector("details").open = true;
  target.scrollIntoView();
}

// A choice is an entry of the history; words being typed are one entry.
let typing = false;
function choose(event) {
  const typed = event.target.name === "text";
  filter();
  history[typed && typing ? "replaceState" : "pushState"](null, "", `#${chosen()}`);
  typing = typed;
}

async function copy(button) {
  const pre = button.closest("figure").querySelector("pre");
  try {
    await navigator.clipboard.writeText(pre.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(pre);
    button.textContent = "Selected";
  }
}

for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}
if (form) {
  form.hidden = false;
  form.addEventListener("input", choose);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.elements.text.addEventListener("blur", () => (typing = false));
  document.getElementById("clear").addEventListener("click", () => {
    history.pushState(null, "", "#");
    show();
  });
}
addEventListener("popstate", show);
show();
