// Bodies as a person reads them.

import { bytes, h } from "./dom.js";

const LONGEST = 100_000;
const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** A text; JSON is indented and coloured. */
export function shown(text) {
  const readable = text.length <= LONGEST && indented(text);
  if (readable) return h("pre.body", { tabindex: "0" }, h("code", {}, coloured(readable)));
  const cut = text.length > LONGEST ? h("span.more", {}, `\n… ${bytes(text.length)} in all`) : null;
  return h("pre.body", { tabindex: "0" }, h("code", {}, text.slice(0, LONGEST)), cut);
}

/** JSON with line breaks, or null; what JSON.parse would round stays as it is written. */
function indented(text) {
  if (!/^\s*[[{]/.test(text)) return null;
  try {
    const value = JSON.parse(text);
    if (/\d{16}/.test(text)) return text;
    return JSON.stringify(value, null, 2);
  } catch {
    return null;
  }
}

function coloured(text) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    parts.push(text.slice(end, match.index));
    const [token, string, colon] = match;
    if (string) parts.push(h(colon ? "span.key" : "span.string", {}, string), colon ?? "");
    else parts.push(h(/\d/.test(token) ? "span.number" : "span.word", {}, token));
    end = match.index + token.length;
  }
  return [...parts, text.slice(end)];
}

/** Headers, folded. */
export function headers(pairs) {
  const listed = Object.entries(pairs);
  if (!listed.length) return null;
  return h("details.headers", {},
    h("summary", {}, `Headers (${listed.length})`),
    h("dl", {}, listed.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])));
}
