// The form that tries an operation.

import { breakable } from "./apis.js";
import { byId, bytes, copy, h, method, say, status } from "./dom.js";
import { headers, shown } from "./json.js";
import * as server from "./server.js";

const LOCATIONS = ["path", "query", "header", "cookie"];
const BODILESS = ["GET", "HEAD"];
let asked = 0;

/** Shows the form of an operation, filled with what it can be tried with. */
export async function showOperation(api, name, session) {
  const mine = ++asked;
  const told = await server.operation(api, name, session);
  if (mine !== asked) return; // another one was chosen meanwhile
  byId("welcome").hidden = true;
  const place = byId("operation");
  place.hidden = false;
  const form = formOf(api, told, session);
  place.replaceChildren(...headOf(told), form, byId("answer") ?? h("section", { id: "answer", "aria-label": "Answer" }));
  byId("answer").replaceChildren();
  byId("try").scrollTop = 0;
  showRequest(api, told, form, session);
}

function headOf(told) {
  return [
    h("h2.operation", {}, method(told.method), h("span.path", {}, ...breakable(told.path))),
    h("p.lead", {}, told.summary || told.name),
    h("p.chips", {},
      h("span.chip", {}, told.name),
      told.role
        ? h("span.chip.role", {}, `${told.role.does} ${told.role.resource} in `, h("code", {}, told.role.collection))
        : h("span.chip", {}, "without state"),
      told.deprecated && h("span.chip.warn", {}, "deprecated")),
    told.description && told.description !== told.summary && h("details.description", { open: told.description.length < 280 },
      h("summary", {}, "Description"), h("p", {}, told.description)),
  ].filter(Boolean);
}

function formOf(api, told, session) {
  const form = h("form.try", { autocomplete: "off" },
    LOCATIONS.map((location) => parametersOf(told, location)),
    told.credentials.length > 0 && h("fieldset", {}, h("legend", {}, "Credentials"), told.credentials.map(credential)),
    bodyOf(told),
    h("fieldset", {}, h("legend", {}, "Answer"), preference(told)),
    h("div.bar", {},
      h("button.primary", { type: "submit" }, "Send"),
      h("span.hint", {}, "in session ", h("code", {}, session))),
    h("details.curl", {}, h("summary", {}, "As curl"),
      h("div", {}, h("pre", { tabindex: "0" }, h("code", { id: "curl" })),
        h("button", { type: "button", onclick: (event) => copy(byId("curl").textContent, event.target) }, "Copy"))));
  let waiting = 0;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => showRequest(api, told, form, session), 120);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(api, told, form, session);
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  return form;
}

// -- fields ---------------------------------------------------------------------------------

function parametersOf(told, location) {
  const found = told.parameters.filter((parameter) => parameter.location === location);
  const title = { path: "Path", query: "Query", header: "Headers", cookie: "Cookies" }[location];
  return found.length > 0 && h("fieldset", {}, h("legend", {}, title), found.map(parameterField));
}

function parameterField(parameter) {
  const id = `p-${parameter.location}-${parameter.name}`;
  const text = asText(parameter.example);
  const data = { id, name: parameter.name, "data-in": parameter.location, "data-type": parameter.type };
  const value = parameter.required ? text : "";
  const input = parameter.options
    ? h("select", data, h("option", { value: "" }, "—"), parameter.options.map((option) =>
      h("option", { value: asText(option), selected: parameter.required && asText(option) === text }, asText(option))))
    : h("input", { ...data, value, placeholder: text && `such as ${text}`, spellcheck: "false" });
  return field(id, parameter.name, parameter.required, parameter.type, input, parameter.description);
}

function credential(wanted) {
  const id = `c-${wanted.name}`;
  const input = h("input", { id, name: wanted.name, value: wanted.example, "data-credential": wanted.location, spellcheck: "false" });
  return field(id, wanted.name, false, `${wanted.scheme}, ${wanted.location}`, input, "");
}

function bodyOf(told) {
  if (!told.bodies.length) return null;
  const text = h("textarea", { id: "body", rows: "10", spellcheck: "false", "aria-describedby": "body-note" });
  const note = h("p.hint", { id: "body-note" });
  const kind = h("select", { id: "body-type" }, told.bodies.map((body, place) => h("option", { value: String(place) }, body.media_type)));
  const fill = () => {
    const body = told.bodies[Number(kind.value)];
    const example = body.example ?? "";
    text.value = example && body.content_type.includes("json") ? pretty(example) : example;
    text.rows = Math.min(18, Math.max(4, text.value.split("\n").length));
    note.textContent = body.example === null ? "No example could be made that is text." : "";
  };
  kind.addEventListener("change", fill);
  fill();
  return h("fieldset", {}, h("legend", {}, told.body_required ? "Body" : "Body (optional)"),
    h("div.bar", {}, h("label", { for: "body-type" }, "Content type"), kind,
      h("button", { type: "button", onclick: () => { fill(); text.dispatchEvent(new Event("input", { bubbles: true })); } }, "Example")),
    h("label.hidden", { for: "body" }, "Body"), text, note);
}

function preference(told) {
  const codes = told.responses.filter((response) => /^[2-5]\d\d$/.test(response.status));
  const names = [...new Set(told.responses.flatMap((response) => response.examples))];
  const select = h("select", { id: "prefer" },
    h("option", { value: "" }, "as it comes"),
    codes.map((response) => h("option", { value: `code=${response.status}` }, `${response.status} ${response.description}`.slice(0, 80))),
    names.map((name) => h("option", { value: `example="${name}"` }, `the example ${name}`)),
    h("option", { value: "dynamic=true" }, "made up, though there is an example"));
  return field("prefer", "Prefer", false, "header", select, "");
}

function field(id, name, required, type, input, description) {
  const note = description && `${id}-note`;
  if (note) input.setAttribute("aria-describedby", note);
  return h("div.field", {},
    h("label", { for: id }, h("span.name", {}, name), required && h("span.required", { title: "required" }, " required"), h("span.type", {}, type)),
    h("div", {}, input, note && h("p.hint", { id: note }, description)));
}

// -- requests -------------------------------------------------------------------------------

/** The request that the form stands for. */
async function requestOf(api, told, form, session) {
  const values = { path: {}, query: {}, header: {}, cookie: {} };
  for (const input of form.querySelectorAll("[data-in]")) {
    if (input.value !== "" || input.dataset.in === "path") {
      values[input.dataset.in][input.name] = valueOf(input.value, input.dataset.type);
    }
  }
  const made = await server.prepare(api, told.name, values);
  let url = made.url;
  const sent = made.headers.filter(([name]) => name !== "cookie");
  const cookies = made.headers.filter(([name]) => name === "cookie").map(([, value]) => value);
  for (const input of form.querySelectorAll("[data-credential]")) {
    if (input.value.trim() === "") continue;
    const pair = `${encodeURIComponent(input.name)}=${encodeURIComponent(input.value)}`;
    if (input.dataset.credential === "query") url += (url.includes("?") ? "&" : "?") + pair;
    else if (input.dataset.credential === "cookie") cookies.push(pair);
    else sent.push([input.name, input.value]);
  }
  sent.push(["toolalpaca-session", session]);
  const prefer = form.querySelector("#prefer").value;
  if (prefer) sent.push(["prefer", prefer]);
  const body = form.querySelector("#body");
  if (body && body.value !== "") {
    sent.push(["content-type", told.bodies[Number(form.querySelector("#body-type").value)].content_type]);
    return { method: made.method, url, headers: sent, cookies, body: body.value };
  }
  return { method: made.method, url, headers: sent, cookies, body: null };
}

async function showRequest(api, told, form, session) {
  try {
    byId("curl").textContent = curl(await requestOf(api, told, form, session));
  } catch (error) {
    byId("curl").textContent = `# ${error.message}`;
  }
}

async function send(api, told, form, session) {
  const place = byId("answer");
  const button = form.querySelector("button.primary");
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true"); // one that is disabled would lose the focus
  try {
    const request = await requestOf(api, told, form, session);
    if (request.body !== null && BODILESS.includes(request.method)) {
      throw new Error(`Browsers send no body with ${request.method}; use curl for it.`);
    }
    const jars = request.cookies.flatMap((text) => text.split("; "));
    for (const cookie of jars) document.cookie = `${cookie}; path=/; SameSite=Strict`;
    const began = performance.now();
    const answer = await fetch(request.url, {
      method: request.method, headers: request.headers, body: request.body ?? undefined,
      redirect: "manual", cache: "no-store",
    });
    const content = new Uint8Array(await answer.arrayBuffer());
    const took = performance.now() - began;
    for (const cookie of jars) document.cookie = `${cookie.split("=")[0]}=; path=/; max-age=0`;
    showAnswer(place, answer, content, took);
  } catch (error) {
    place.replaceChildren(h("p.verdict.bad", { role: "alert" }, error.message));
  } finally {
    button.setAttribute("aria-disabled", "false");
  }
}

function showAnswer(place, answer, content, took) {
  if (answer.type === "opaqueredirect") {
    place.replaceChildren(h("p.verdict", {}, "A redirect. Browsers do not show where it leads; the log does."));
    return;
  }
  const problem = answer.headers.get("toolalpaca-problem");
  const source = answer.headers.get("toolalpaca-source") ?? "";
  const type = answer.headers.get("content-type") ?? "";
  place.replaceChildren(
    h("div.line", {}, h("h3", {}, "Answer"), status(answer.status), h("span", {}, answer.statusText),
      h("span.chip", {}, source), h("span.hint", {}, `${took.toFixed(1)} ms · ${bytes(content.length)}`)),
    h(problem ? "p.verdict.bad" : "p.verdict.good", {}, problem ?? "No fault was found with the request."),
    headers([...answer.headers]),
    content.length ? readable(content, type) : h("p.empty", {}, "No body."));
  say(`${answer.status} ${answer.statusText}${problem ? `: ${problem}` : ""}`);
  place.scrollIntoView({ block: "nearest" });
}

function readable(content, type) {
  try {
    return shown(new TextDecoder("utf-8", { fatal: true }).decode(content), type);
  } catch {
    return h("p.empty", {}, `${bytes(content.length)} of ${type || "something"} that is no text.`);
  }
}

function curl(request) {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const parts = [`curl -X ${request.method} ${quoted(location.origin + request.url)}`];
  for (const [name, value] of request.headers) parts.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (request.cookies.length) parts.push(`-b ${quoted(request.cookies.join("; "))}`);
  if (request.body !== null) parts.push(`--data-raw ${quoted(request.body)}`);
  return parts.join(" \\\n  ");
}

/** What somebody has written into a field: lists and objects are JSON, or texts between commas. */
function valueOf(text, type) {
  if (/^\s*[[{]/.test(text) && /array|object|any/.test(type)) {
    try { return JSON.parse(text); } catch { return text; }
  }
  return type.startsWith("array") ? text.split(",").map((part) => part.trim()) : text;
}

function asText(value) {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value) && value.every((part) => typeof part !== "object" && !String(part).includes(","))) return value.join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function pretty(text) {
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
}
