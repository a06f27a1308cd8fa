// The page: a list of conversations, the one that is open, and the words to the agent.

import { Conversation, connection } from "./conversation.js";
import { ask, byId, h, onEnter, save } from "./dom.js";
import * as server from "./server.js";
import * as tools from "./tools.js";

const words = byId("words");
let open = null;
let listed = [];

async function start() {
  server.enter();
  try {
    const about = await server.about();
    // The clock, and functions beside an API, are no place that one talks to.
    const places = about.sources.filter((source, place) => source.base_url || place === 0);
    const names = places.map((source) => source.title).join(", ");
    byId("about").textContent = `${names} · ${about.model}`;
    document.title = `${names} · ToolAlpaca`;
    tools.show(about.tools);
    connection("live", "live");
    await list();
    go();
  } catch (error) {
    connection("off", error.message);
    words.disabled = byId("send").disabled = byId("new").disabled = true;
  }
}

// -- which conversation ------------------------------------------------------------------------

/** Opens the conversation that the address names. */
function go() {
  if (server.enter()) return location.reload(); // the server was started anew
  const id = location.hash.slice(1);
  if (open?.id === id) return;
  open?.leave();
  open = listed.some((one) => one.id === id) ? new Conversation(id, changed) : null;
  if (!open) byId("steps").replaceChildren();
  panel("talk");
  changed();
  words.focus({ preventScroll: true });
}

async function list() {
  listed = await server.conversations();
  show();
}

let soon = null;

/** Shows what a conversation has become; the list is asked for once, however much it tells. */
function changed() {
  show();
  soon ??= setTimeout(() => {
    soon = null;
    list().catch(() => {}); // the connection's own word says what is wrong
  }, 100);
}

function show() {
  const told = listed.find((one) => one.id === open?.id);
  byId("welcome").hidden = Boolean(open);
  byId("bar").hidden = !open;
  byId("title").textContent = told?.title || "New conversation";
  byId("stop").hidden = !open?.running;
  byId("send").hidden = Boolean(open?.running);
  byId("conversations").replaceChildren(...[...listed].reverse().map((one) =>
    h("li", {}, h("a", { href: `#${one.id}`, "aria-current": one.id === open?.id && "page" },
      h("span.title", {}, one.title || "New conversation"),
      one.asks ? h("span.state.asks", {}, "asks you") : one.running && h("span.state", {}, "at work")))));
}

function panel(name) {
  document.body.dataset.panel = name;
  for (const button of document.querySelectorAll(".tabs button")) {
    if (button.dataset.panel === name) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
}

// -- what the person does ----------------------------------------------------------------------

async function send() {
  const text = words.value;
  if (!text.trim() || open?.running) return;
  words.value = "";
  try {
    if (!open) {
      const begun = await server.begin();
      listed.push(begun);
      open = new Conversation(begun.id, changed);
      history.pushState(null, "", `#${begun.id}`);
    }
    await server.tell(open.id, text);
  } catch (error) {
    words.value = text;
    if (open) open.fail(error);
    else connection("off", error.message);
  }
}

function stop() {
  if (open?.running) server.stop(open.id).catch((error) => open.fail(error));
}

async function exported({ target }) {
  const { id } = open;
  const form = target.dataset.export;
  try {
    save(await server.trace(id, form), `trace-${id}.${form}`);
  } catch (error) {
    open.fail(error);
  }
}

async function forget() {
  const { id } = open;
  if (!await ask("Forget this conversation? Its trace stays in the trace file.", "Forget")) return;
  open.leave();
  await server.remove(id).catch(() => {});
  await list();
  location.hash = "";
}

function fold(event) {
  const unfold = event.target.getAttribute("aria-pressed") !== "true";
  event.target.setAttribute("aria-pressed", String(unfold));
  event.target.textContent = unfold ? "Fold all" : "Unfold all";
  for (const step of document.querySelectorAll(".step")) step.open = unfold;
}

onEnter(words, send);
byId("composer").addEventListener("submit", (event) => { event.preventDefault(); send(); });
byId("stop").addEventListener("click", stop);
byId("new").addEventListener("click", () => { location.hash = ""; panel("talk"); words.focus(); });
for (const button of document.querySelectorAll("[data-export]")) button.addEventListener("click", exported);
byId("remove").addEventListener("click", forget);
byId("fold").addEventListener("click", fold);
document.addEventListener("keydown", (event) => {
  // In a search field and a dialog, Escape has a meaning already.
  if (event.key === "Escape" && event.target.type !== "search" && !byId("sure").open) stop();
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address names the conversation
  words.focus();
});
for (const button of document.querySelectorAll(".tabs button")) {
  button.addEventListener("click", () => panel(button.dataset.panel));
}
window.addEventListener("hashchange", go);
window.addEventListener("focus", () => list().catch(() => {}));
panel("talk");
start();
