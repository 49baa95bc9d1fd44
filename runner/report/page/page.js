"use strict";
const find = document.getElementById("find"), count = document.getElementById("count");
const boxes = [...document.querySelectorAll(".bar input[type=checkbox]")];
const cases = [...document.querySelectorAll("ol.cases > li")];
// choose shows the scenarios that have all words and one of the statuses.
function choose() {
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  const statuses = new Set(boxes.filter(b => b.checked).map(b => b.value));
  let shown = 0;
  for (const c of cases) {
    const fits = statuses.has(c.dataset.status) && words.every(w => c.dataset.find.includes(w));
    c.hidden = !fits;
    if (fits) shown++;
  }
  count.textContent = shown + " of " + cases.length + " shown";
}
// fill puts what is kept for later into a scenario that is opened.
function fill(details) {
  for (const late of details.querySelectorAll("script.late")) late.outerHTML = late.textContent;
}
document.addEventListener("toggle", e => { if (e.target.open) fill(e.target); }, true);
find.addEventListener("input", choose);
for (const b of boxes) b.addEventListener("change", choose);
document.addEventListener("keydown", e => {
  if (e.key === "/" && document.activeElement !== find) { e.preventDefault(); find.focus(); find.select(); }
});
for (const d of document.querySelectorAll("details[open]")) fill(d);
if (location.hash) { const d = document.querySelector(location.hash + " details"); if (d) { d.open = true; d.scrollIntoView(); } }
choose();
