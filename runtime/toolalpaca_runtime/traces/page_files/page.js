
"use strict";
// Filters and folds; whatever is to be read is there without it.
const search = document.getElementById("search");
const outcome = document.getElementById("outcome");
const found = document.getElementById("found");
const traces = [...document.querySelectorAll("article.trace")];
const listed = [...document.querySelectorAll("nav.list li")];
const texts = traces.map((trace) => trace.textContent.toLowerCase());

function matches(element, words) {
  const text = element.textContent.toLowerCase();
  return words.every((word) => text.includes(word));
}

function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  traces.forEach((trace, place) => {
    const fits = words.every((word) => texts[place].includes(word))
      && (!outcome.value || trace.dataset.outcome === outcome.value);
    trace.hidden = !fits;
    if (listed[place]) listed[place].hidden = !fits;
    if (fits) shown += 1;
    if (fits && words.length) reveal(trace, words);
  });
  found.textContent = words.length || outcome.value ? `${shown} of ${traces.length}` : "";
}

// Unfold what holds the words, and fold what was unfolded for words that are gone.
function reveal(trace, words) {
  trace.querySelector("details").open = true;
  for (const details of trace.querySelectorAll("details.call, details.raw, details.tool")) {
    const fits = matches(details, words);
    if (fits && !details.open) {
      details.open = true;
      details.dataset.revealed = "";
    } else if (!fits && "revealed" in details.dataset) {
      details.open = false;
      delete details.dataset.revealed;
    }
  }
}

function fold(open) {
  for (const trace of traces) {
    if (trace.hidden) continue;
    const parts = [...trace.querySelectorAll("details")];
    for (const details of open ? parts : parts.slice(1)) details.open = open;
  }
}

search.addEventListener("input", filter);
outcome.addEventListener("input", filter);
document.getElementById("unfold").addEventListener("click", () => fold(true));
document.getElementById("fold").addEventListener("click", () => fold(false));
const tools = document.getElementById("tools");
tools.addEventListener("submit", (event) => event.preventDefault());
tools.hidden = false;
outcome.hidden = traces.length < 2;
