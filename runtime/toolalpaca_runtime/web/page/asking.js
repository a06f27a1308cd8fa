// What the person is asked: questions of the agent's, and calls that need approval.

import { h, onEnter } from "./dom.js";
import { shown } from "./json.js";
import * as server from "./server.js";

/** The form of an open question; *failed* is told what went wrong. */
export function form(conversation, number, asked, failed) {
  return asked.what === "question" ? question(conversation, number, failed) : approval(conversation, number, asked, failed);
}

function question(conversation, number, failed) {
  const field = h("textarea", { rows: "2", "aria-label": "Your answer to the agent" });
  const send = () => field.value.trim() && server.answer(conversation, number, field.value).catch(failed);
  onEnter(field, send);
  return h("form.asking", { onsubmit: (event) => { event.preventDefault(); send(); } },
    field, h("button.primary", {}, "Answer"));
}

function approval(conversation, number, { tool, arguments: given, request }, failed) {
  const button = (verdict, kind, ...text) =>
    h(`button${kind}`, { type: "button", onclick: () => server.decide(conversation, number, verdict).catch(failed) }, ...text);
  return h("section.asking.approval", { role: "group", "aria-label": "Approval", tabindex: "-1" },
    h("h3", {}, "May the agent make this call?"),
    request
      ? h("p.url", {}, h("b", {}, request.method), " ", h("code", {}, request.url))
      : h("p.url", {}, h("code", {}, tool)),
    shown(JSON.stringify(given)), // all of them: what goes in a header changes things, too
    h("div.bar", {},
      button("approve", ".primary", "Approve"),
      button("approve-all", "", "Approve all calls of ", h("code", {}, tool)),
      button("refuse", ".danger", "Refuse")));
}
