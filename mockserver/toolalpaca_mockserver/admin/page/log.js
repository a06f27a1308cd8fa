// Requests as they come, whoever sends them.

import { byId, bytes, h, method, say, status } from "./dom.js";
import { headers, shown } from "./json.js";
import * as server from "./server.js";

const MOST = 500;
const filter = byId("log-filter");
const rows = byId("log-rows");
let entries = [];
let held = [];
let paused = false;
let opened = null;

export function add(entry) {
  if (paused) {
    held.push(entry);
    held = held.slice(-MOST);
    byId("pause").textContent = `Resume (${held.length})`;
    return;
  }
  if (entries.length && entry.id <= entries.at(-1).id) return; // told again after a reconnection
  entries.push(entry);
  if (entries.length > MOST) entries.shift();
  if (wanted(entry)) rows.prepend(row(entry));
  while (rows.children.length > MOST) rows.lastChild.remove();
  showWhetherEmpty();
}

export function forget() {
  entries = [];
  held = [];
  rows.replaceChildren();
  close();
  showWhetherEmpty();
}

export function missed(count) {
  rows.prepend(h("tr.missed", {}, h("td", { colspan: "8" }, `${count} requests came too fast to be shown`)));
}

export function showApiNames(names) {
  const select = filter.elements.api;
  const before = select.value;
  select.replaceChildren(h("option", { value: "" }, "all"), ...names.map((name) => h("option", {}, name)));
  select.value = names.includes(before) ? before : "";
}

export function fail(reason) {
  byId("log-empty").textContent = reason;
}

function wanted(entry) {
  const { api, session, status: kind } = filter.elements;
  return (!api.value || entry.api === api.value)
    && (!session.value || entry.session === session.value)
    && (!kind.value || String(entry.status)[0] === kind.value[0]);
}

function showAll() {
  rows.replaceChildren(...entries.filter(wanted).reverse().map(row));
  showWhetherEmpty();
}

function showWhetherEmpty() {
  byId("log-table").hidden = rows.children.length === 0;
  byId("log-empty").hidden = rows.children.length > 0;
}

function row(entry) {
  const path = entry.path + (entry.query && `?${entry.query}`);
  const line = h("tr", { "data-id": entry.id, onclick: () => open(entry.id) },
    h("td.time", {}, new Date(entry.at).toLocaleTimeString("en-GB")),
    h("td", {}, method(entry.method)),
    h("td.path", {}, h("button.link", { type: "button", title: path }, path)),
    h("td", {}, status(entry.status)),
    h("td.source", { title: entry.reason }, entry.source),
    h(entry.problem ? "td.verdict.bad" : "td.verdict.good", { title: entry.problem }, entry.problem || "no fault found"),
    h("td.session", {}, entry.session === "default" ? "" : entry.session),
    h("td.number", {}, entry.milliseconds.toFixed(1)));
  if (entry.id === opened) line.setAttribute("aria-current", "true");
  return line;
}

// -- one of them ----------------------------------------------------------------------------

async function open(id) {
  opened = id;
  mark();
  const place = byId("exchange");
  try {
    const told = await server.request(id);
    if (opened !== id) return;
    place.replaceChildren(...details(told));
  } catch (error) {
    place.replaceChildren(closer(), h("h3", { id: "exchange-title", tabindex: "-1" }, `Request ${id}`), h("p.empty", {}, error.message));
  }
  place.hidden = false;
  byId("exchange-title").focus({ preventScroll: true });
  place.scrollTop = 0;
  place.scrollIntoView({ block: "nearest" });
}

function close() {
  const place = byId("exchange");
  const before = opened;
  place.hidden = true;
  place.replaceChildren();
  opened = null;
  mark();
  rows.querySelector(`tr[data-id="${before}"] button`)?.focus();
}

function mark() {
  for (const line of rows.children) {
    if (Number(line.dataset.id) === opened) line.setAttribute("aria-current", "true");
    else line.removeAttribute("aria-current");
  }
}

const closer = () => h("button.close", { type: "button", "aria-label": "Close", onclick: close }, "✕");

function details(told) {
  const path = told.path + (told.query && `?${told.query}`);
  return [
    closer(),
    h("h3", { id: "exchange-title", tabindex: "-1" }, method(told.method), h("span.path", {}, path)),
    h("p.chips", {}, status(told.status), h("span.chip", {}, told.source + (told.reason && `; ${told.reason}`)),
      told.operation && h("a.chip", { href: `#${encodeURIComponent(told.api)}/${encodeURIComponent(told.operation)}` }, told.operation),
      h("span.chip", {}, `session ${told.session}`),
      h("span.hint", {}, `${new Date(told.at).toLocaleString("en-GB")} · ${told.milliseconds.toFixed(1)} ms`)),
    h(told.problem ? "p.verdict.bad" : "p.verdict.good", {}, told.problem || "No fault was found with the request."),
    h("h4", {}, "Request"), ...content(told.request),
    h("h4", {}, "Answer"), ...content(told.answer),
  ];
}

function content(told) {
  const type = Object.entries(told.headers).find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "";
  const parts = [headers(Object.entries(told.headers))];
  if (told.size === 0) parts.push(h("p.empty", {}, "No body."));
  else if (told.body === null) parts.push(h("p.empty", {}, `${bytes(told.size)} that are no text.`));
  else parts.push(shown(told.body, type));
  if (told.cut) parts.push(h("p.hint", {}, `Only the beginning is kept, of ${bytes(told.size)}.`));
  return parts;
}

filter.addEventListener("input", showAll);
filter.addEventListener("submit", (event) => event.preventDefault());
byId("pause").addEventListener("click", (event) => {
  paused = !paused;
  event.target.setAttribute("aria-pressed", String(paused));
  event.target.textContent = paused ? "Resume" : "Pause";
  if (!paused) held.splice(0).forEach(add);
});
byId("clear").addEventListener("click", async () => {
  await server.clear();
  say("The requests are forgotten.");
});
byId("exchange").addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
