// Bodies as a person reads them.

import { bytes, h } from "./dom.js";

const LONGEST = 200_000;
const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** A text, indented and coloured when it is JSON. */
export function shown(text, type = "") {
  const long = text.length > LONGEST;
  const part = long ? text.slice(0, LONGEST) : text;
  const block = h("pre.body", { tabindex: "0" }, h("code"));
  block.firstChild.append(...(long || !isJson(part, type) ? [part] : coloured(indented(part))));
  if (long) block.append(h("span.more", {}, `\n… ${bytes(text.length)} in all`));
  return block;
}

const isJson = (text, type) => type.includes("json") || (!type && /^\s*[[{]/.test(text));

/** JSON with line breaks; numbers are left as they are written, which JSON.parse would round. */
export function indented(text) {
  let depth = 0;
  const lines = [];
  let line = "";
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g) ?? [];
  if (tokens.join("").length !== text.replace(/"(?:[^"\\]|\\.)*"|\s+/g, (m) => (m[0] === '"' ? m : "")).length) return text;
  const push = () => { lines.push("  ".repeat(depth) + line); line = ""; };
  tokens.forEach((token, place) => {
    if (token === "{" || token === "[") {
      if (tokens[place + 1] === (token === "{" ? "}" : "]")) line += token;
      else { line += token; push(); depth += 1; }
    } else if (token === "}" || token === "]") {
      if (!"{[".includes(tokens[place - 1] ?? "")) { push(); depth = Math.max(0, depth - 1); }
      line += token;
    } else if (token === ",") { line += token; push(); }
    else line += token === ":" ? ": " : token;
  });
  push();
  return lines.join("\n");
}

function coloured(text) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    parts.push(text.slice(end, match.index));
    const [token, string, colon] = match;
    if (string) {
      parts.push(h(colon ? "span.key" : "span.string", {}, string));
      if (colon) parts.push(colon);
    } else parts.push(h(/[\d]/.test(token) ? "span.number" : "span.word", {}, token));
    end = match.index + token.length;
  }
  return [...parts, text.slice(end)];
}

/** Headers, folded. */
export function headers(pairs, open = false) {
  return h("details.headers", { open },
    h("summary", {}, `Headers (${pairs.length})`),
    h("dl", {}, pairs.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])));
}
