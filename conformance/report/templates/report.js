"use strict";
const form = document.getElementById("filter");
const shown = document.getElementById("shown");
const rows = [...document.querySelectorAll("tbody[data-verdict]")].map((element) => ({
  element,
  id: element.id,
  verdict: element.dataset.verdict,
  text: element.textContent.toLowerCase(),
}));

function filter() {
  const data = new FormData(form);
  const area = data.get("area");
  const verdicts = data.getAll("verdict");
  const words = data.get("text").toLowerCase().split(/\s+/);
  let count = 0;
  for (const row of rows) {
    const matches =
      row.id.startsWith(area) &&
      (verdicts.length === 0 || verdicts.includes(row.verdict)) &&
      words.every((word) => row.text.includes(word));
    row.element.hidden = !matches;
    count += matches;
  }
  shown.textContent = count === rows.length ? `${count}` : `${count} of ${rows.length}`;
}

// A link to a requirement opens it, whatever the filter hides.
function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target || !target.matches("tbody")) return;
  form.reset();
  filter();
  target.querySelector("details").open = true;
  target.scrollIntoView();
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

form.hidden = false;
form.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}
addEventListener("hashchange", openTarget);
filter();
openTarget();
