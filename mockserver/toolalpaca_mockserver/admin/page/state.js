// What a session holds.

import { ask, byId, h, say } from "./dom.js";
import { shown } from "./json.js";
import * as server from "./server.js";

const MOST = 100;
const open = new Set();
let known = null; // the collections when they were last looked at: items as texts by id
let session = "default";
let api = "";
let waiting = 0;

/** Shows the collections of an API in a session. */
export function showState(of, inSession) {
  if (of !== api || inSession !== session) known = null;
  [api, session] = [of, inSession];
  return refresh();
}

/** Looks again, soon and not for each of many requests. */
export function refreshSoon() {
  waiting ||= setTimeout(() => {
    waiting = 0;
    refresh();
  }, 200);
}

async function refresh() {
  const [of, inSession] = [api, session];
  let snapshot;
  try {
    snapshot = await server.snapshot(inSession);
  } catch (error) {
    byId("collections").replaceChildren(h("p.verdict.bad", {}, error.message));
    return;
  }
  if (of !== api || inSession !== session) return;
  byId("state-title").replaceChildren("State of ", h("code", {}, session));
  const mine = Object.entries(snapshot.collections).filter(([name]) => !api || name.startsWith(`${api}:`));
  const count = mine.reduce((sum, [, kept]) => sum + Object.keys(kept.items).length, 0);
  byId("state-about").textContent = mine.length
    ? `${count.toLocaleString("en")} ${count === 1 ? "item" : "items"} in ${mine.length === 1 ? "one collection" : `${mine.length} collections`}${api && ` of ${api}`}`
    : "Nothing yet. Collections get their first items when somebody asks for them.";
  const before = known;
  known = new Map();
  const none = mine.filter(([, kept]) => !Object.keys(kept.items).length && !kept.removed.length);
  const some = mine.filter((entry) => !none.includes(entry));
  byId("collections").replaceChildren(...some.map(([name, kept]) => collection(name, kept, before)));
  if (none.length) {
    byId("collections").append(remembered("none", h("details.collection.none", {},
      h("summary", {}, `${none.length} with nothing in ${none.length === 1 ? "it" : "them"}`),
      h("ul", {}, none.map(([name]) => h("li", {}, name))))));
  }
}

function collection(name, kept, before) {
  const items = Object.entries(kept.items);
  const path = name.slice(name.indexOf(":") + 1);
  const now = new Map();
  const seen = before?.get(name);
  known.set(name, now);
  const parts = items.slice().reverse().map(([id, item]) => {
    const key = `${name}#${id}`;
    const text = JSON.stringify(item);
    now.set(id, text);
    return { id, item, key, text, isNew: seen !== undefined && seen.get(id) !== text };
  });
  const fold = remembered(name, h("details.collection", { "data-collection": path },
    h("summary", {}, h("span.path", {}, api ? path : name), h("span.count", {}, String(items.length)))));
  fold.append(h("ul", {}, parts.slice(0, MOST).map((part) => h("li", {}, shownItem(part)))));
  if (parts.length > MOST) fold.append(h("p.hint", {}, `and ${parts.length - MOST} more`));
  if (kept.removed.length) fold.append(h("p.hint", {}, `removed: ${kept.removed.slice(0, 20).join(", ")}${kept.removed.length > 20 ? " …" : ""}`));
  if (before && (!seen || parts.some((part) => part.isNew))) fold.open = true; // what has changed
  return fold;
}

function shownItem({ id, item, key, text, isNew }) {
  const fold = remembered(key, h(isNew ? "details.item.new" : "details.item", { "data-item": id },
    h("summary", {}, h("span.label", {}, label(item, id)), h("code", {}, id))));
  const fill = () => { if (fold.open && !fold.querySelector("pre")) fold.append(shown(text, "json")); };
  fold.addEventListener("toggle", fill);
  fill();
  return fold;
}

/** A fold that stays as it is when the state is shown again. */
function remembered(key, fold) {
  fold.open = open.has(key);
  fold.addEventListener("toggle", () => (fold.open ? open.add(key) : open.delete(key)));
  return fold;
}

/** What tells a person which item it is. */
function label(item, id) {
  const names = ["name", "title", "label", "full_name", "summary", "description", "email", "reference", "status"];
  const found = names.map((name) => item[name]).find((value) => typeof value === "string" && value !== id);
  return found ?? Object.values(item).find((value) => typeof value === "string" && value !== id) ?? "";
}

byId("reset").addEventListener("click", async () => {
  if (!(await ask(`Reset the session ${session}? What was created, changed and deleted in it, in all APIs, is lost.`, "Reset"))) return;
  await server.reset(session);
  known = null;
  await refresh();
  say(`The session ${session} begins anew.`);
});
