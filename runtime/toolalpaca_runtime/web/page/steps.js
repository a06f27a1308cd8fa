// What happens in a conversation, as elements: words, and steps folded to one line.

import { bytes, duration, h } from "./dom.js";
import { headers, shown } from "./json.js";
import * as server from "./server.js";

const ASK = "getDetails";
const OWN = ["retrievalDataFromFile", "searchTools"]; // tools that the runtime answers itself

export const words = (who, text, kind) =>
  h(`article.words.${kind}`, {}, h("h3", {}, who), h("p", {}, text));

export const note = (text, kind = "note") => h(`p.${kind}`, {}, text);

/** Something folded: a line, and what is behind it. */
function folded(kind, line, ...behind) {
  return h(`details.step.${kind}`, {}, h("summary", {}, line), h("div.behind", {}, behind));
}

const time = (seconds) => h("span.time", {}, duration(seconds));

/** A step of the model's; its calls are added to *calls*, where their results will find them. */
export function step(event, seconds, calls) {
  const parts = [];
  if (event.thought) {
    parts.push(folded("thought", [h("span.mark", {}, "Thought"), h("span.line", {}, event.thought), time(seconds)],
      h("p.text", {}, event.thought), tokens(event.usage)));
  }
  if (event.problem) {
    parts.push(folded("problem", [h("span.mark", {}, "Unreadable"), h("span.line", {}, event.problem), time(seconds)],
      h("p.text", {}, event.problem), h("h4", {}, "What the model wrote"), h("pre", { tabindex: "0" }, event.raw)));
  }
  for (const call of event.calls) {
    if (call.tool === ASK && !call.problem) {
      calls.set(call.id, null);
      parts.push(words("The agent asks", String(call.arguments.question ?? ""), "question"));
    } else {
      const made = new Call(call);
      calls.set(call.id, made);
      parts.push(made.element);
    }
  }
  if (event.answer !== null) parts.push(words("Agent", event.answer, "answer"));
  return parts;
}

function tokens(usage) {
  if (!usage.prompt_tokens && !usage.completion_tokens) return null;
  return h("p.hint", {}, `${usage.prompt_tokens} tokens read, ${usage.completion_tokens} written`);
}

/** A call, and what comes of it. */
class Call {
  constructor(call) {
    this.status = h("span.status", {}, "…");
    this.result = h("div.result");
    const named = Object.entries(call.arguments).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
    this.element = folded("call",
      [h("span.mark", {}, "Call"), h("code.line", {}, `${call.tool}(${named.join(", ")})`), this.status],
      h("h4", {}, "Arguments"), shown(JSON.stringify(call.arguments)), this.result);
  }

  finish(event, seconds, conversation) {
    const { request, response } = event;
    const status = response ? String(response.status) : outcome(event);
    this.status.textContent = `${status} · ${duration(response ? response.seconds : seconds)}`;
    this.status.dataset.class = response ? status[0] : status === "done" ? "2" : "none";
    this.result.replaceChildren(...observation(event).flat().filter(Boolean), ...event.files.map((file) => stored(file, conversation)));
    if (event.files.some((file) => isPicture(file))) this.element.open = true;
    if (request) this.element.dataset.method = request.method;
  }
}

/** How a call without a response ended, in a word. */
function outcome({ source, tool, request, approved }) {
  if (approved === false) return "refused";
  if (source === "validator") return "not sent";
  if (source === "runtime" && !OWN.includes(tool)) return "not made";
  return request ? "no response" : "done";
}

function observation({ request, response, text, approved, conforming, source }) {
  return [
    approved === true && h("p.hint", {}, "You approved this call."),
    approved === false && h("p.hint", {}, "You refused this call."),
    request && h("h4", {}, "Request"),
    request && h("p.url", {}, h("b", {}, request.method), " ", h("code", {}, request.url)),
    request && headers(request.headers),
    request?.body && shown(request.body),
    response && h("h4", {}, `Response, ${source === "real" ? "of the API" : `by ${source}`}, in ${duration(response.seconds)}`),
    response && headers(response.headers),
    response && (response.body ? shown(response.body) : h("p.hint", {}, "No body.")),
    conforming === false && h("p.problem-line", {}, "The response breaks the API's document."),
    request || response
      ? h("details.headers", {}, h("summary", {}, "What the model reads"), h("pre", { tabindex: "0" }, text))
      : [h("h4", {}, "Result"), shown(text)],
  ];
}

const isPicture = (file) => /^image\/(png|jpeg|gif|webp|avif|bmp)$/.test(file.content_type);

/** A stored body: pictures are shown, all can be saved. */
function stored(file, conversation) {
  const line = h("figcaption", {}, `${file.name}, ${file.content_type}, ${bytes(file.size)}`);
  const figure = h("figure", {}, line);
  if (isPicture(file)) {
    server.file(conversation, file.name).then((content) => {
      const picture = h("img", { src: URL.createObjectURL(content), alt: `Picture ${file.name} of the response` });
      picture.addEventListener("load", () => URL.revokeObjectURL(picture.src), { once: true });
      figure.prepend(picture);
    }, (error) => line.append(` (${error.message})`));
  }
  return figure;
}

/** What the runtime says of a step without a call that it could answer. */
export const remark = (event, seconds) =>
  folded("problem", [h("span.mark", {}, "Told"), h("span.line", {}, event.text), time(seconds)], h("p.text", {}, event.text));
