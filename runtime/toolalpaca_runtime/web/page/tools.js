// The tools at the side: what the agent can call, with their parameters.

import { byId, h } from "./dom.js";

let tools = [];

export function show(told) {
  tools = told.map((tool) => ({ tool, words: `${tool.name} ${tool.description}`.toLowerCase() }));
  byId("tools-title").textContent = `Tools (${tools.length})`;
  find();
}

function find() {
  const wanted = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = tools.filter(({ words }) => wanted.every((word) => words.includes(word)));
  byId("tool-list").replaceChildren(...found.map(({ tool }) => entry(tool)));
  byId("no-tools").hidden = found.length > 0;
}

function entry(tool) {
  const summary = tool.description.split("\n", 1)[0];
  const line = h("summary", {}, h("code", {}, tool.name), h("span.hint", {}, summary));
  const folded = h("details.tool", {}, line);
  folded.addEventListener("toggle", () => folded.append(...details(tool)), { once: true }); // there may be a thousand
  return folded;
}

function details(tool) {
  const rest = tool.description.split("\n").slice(1).join("\n").trim();
  const parameters = Object.entries(tool.parameters.properties ?? {});
  const required = new Set(tool.parameters.required ?? []);
  const told = rest ? [h("p.description", {}, rest)] : [];
  if (!parameters.length) return [...told, h("p.hint", {}, "It takes no parameters.")];
  return [...told, h("dl", {}, parameters.map(([name, schema]) => [
    h("dt", {}, h("code", {}, name), h("span.type", {}, ` ${kind(schema)}`),
      required.has(name) && h("span.required", {}, " required")),
    h("dd", {}, schema.description ?? "", choices(schema)),
  ]))];
}

function kind(schema) {
  const type = [schema.type ?? "any"].flat().join(" or ");
  return type === "array" && schema.items?.type ? `array of ${schema.items.type}` : type;
}

function choices(schema) {
  const values = schema.enum ?? schema.items?.enum;
  return values ? h("span.hint", {}, ` One of ${values.map((value) => JSON.stringify(value)).join(", ")}.`) : null;
}

byId("search").addEventListener("input", find);
