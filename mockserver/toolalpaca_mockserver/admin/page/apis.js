// The APIs, and the operations of the chosen one.

import { byId, h, method } from "./dom.js";
import * as server from "./server.js";

let chosen = null;
let stale = true;
let listed = [];

/** Shows the APIs; which one is chosen is in the address. */
export function showApis(apis) {
  byId("api-list").replaceChildren(...apis.map((api) =>
    h("li", { "data-api": api.name },
      h("a.api", { href: `#${encodeURIComponent(api.name)}` },
        h("strong", {}, api.title || api.name),
        h("span.facts", {}, `${counted(api.operations, "operation")} · `, h("code", {}, new URL(api.url).pathname)),
        api.problems > 0 && h("span.problems", {}, counted(api.problems, "problem"))),
      h("a.document", { href: new URL(api.document_url).pathname, title: "The document as it is served" }, "openapi.json"))));
  stale = true; // after a while without the server its documents may be others
}

export async function chooseApi(name) {
  if (name === chosen && !stale) return;
  listed = await server.operations(name);
  if (name !== chosen) byId("search").value = "";
  chosen = name;
  stale = false;
  byId("api").hidden = false;
  byId("resources").open = false;
  showOperations(byId("search").value);
}

/** Marks what is shown, for eyes and for screen readers. */
export function mark(api, operation) {
  for (const item of document.querySelectorAll("#api-list li")) {
    current(item.querySelector("a.api"), item.dataset.api === api);
  }
  for (const link of document.querySelectorAll("#operations a")) {
    current(link, link.dataset.operation === operation);
  }
}

function current(link, is) {
  if (is) link.setAttribute("aria-current", "true");
  else link.removeAttribute("aria-current");
}

function showOperations(wanted) {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  const groups = new Map();
  for (const operation of listed) {
    const text = `${operation.method} ${operation.path} ${operation.name} ${operation.summary}`.toLowerCase();
    if (!words.every((word) => text.includes(word))) continue;
    const group = operation.tags[0] ?? "";
    groups.set(group, [...(groups.get(group) ?? []), operation]);
  }
  byId("no-operations").hidden = groups.size > 0;
  byId("operations").replaceChildren(...[...groups].map(([group, operations]) => [
    group && h("h3", {}, group),
    h("ul", {}, operations.map((operation) => h("li", {}, link(operation)))),
  ]).flat().filter(Boolean));
}

function link(operation) {
  return h(operation.deprecated ? "a.deprecated" : "a", {
    href: `#${encodeURIComponent(chosen)}/${encodeURIComponent(operation.name)}`,
    "data-operation": operation.name,
  },
  method(operation.method), h("span.path", {}, ...breakable(operation.path)),
  operation.summary && h("span.summary", {}, operation.summary));
}

/** A path that may be broken before its slashes. */
export function breakable(path) {
  return path.split(/(?=\/)/).flatMap((part, place) => (place ? [document.createElement("wbr"), part] : [part]));
}

async function showResources() {
  const explained = await server.resources(chosen);
  const parts = explained.resources.map((resource) => h("section", {},
    h("h4", {}, resource.name, " ", h("code", {}, resource.collection)),
    h("p", {}, resource.id ? ["id ", h("code", {}, resource.id), `: ${resource.id_why}`] : resource.id_why),
    h("ul", {}, resource.operations.map((operation) => h("li", {}, h("b", {}, operation.does), " ", operation.operation))),
    resource.references.length > 0 && h("p", {}, "refers to ", resource.references.map((r) => `${r.collection} by ${r.by}`).join(", "))));
  if (explained.without_state.length) {
    parts.push(h("section", {}, h("h4", {}, "Without state"),
      h("ul", {}, explained.without_state.map((entry) => h("li", { title: entry.why }, entry.operation)))));
  }
  byId("resources").querySelector("div").replaceChildren(...parts);
}

const counted = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

byId("search").addEventListener("input", (event) => showOperations(event.target.value));
byId("resources").addEventListener("toggle", (event) => { if (event.target.open) showResources(); });
