// What the server is asked. Every request carries the token of the printed URL.

const KEPT = "toolalpaca-token"; // of this origin, so that a reload and another tab have it
const enc = encodeURIComponent;

/** Takes the token out of the address, where others could read it over a shoulder; true if there is one. */
export function enter() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!given) return false;
  localStorage.setItem(KEPT, given);
  history.replaceState(null, "", location.pathname);
  return true;
}

/** The server does not take the token. */
export class Locked extends Error {}

async function asked(path, { method = "GET", body, ...options } = {}) {
  const headers = { authorization: `Bearer ${localStorage.getItem(KEPT) ?? ""}`, ...options.headers };
  if (body !== undefined) headers["content-type"] = "application/json";
  const answer = await fetch(`/api${path}`, {
    ...options, method, headers, body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (answer.status === 401) throw new Locked("open the URL that the terminal shows");
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    throw new Error(problem.detail ?? `the server answered ${answer.status}`);
  }
  return answer;
}

const json = async (path, options) => (await asked(path, options)).json();
const blob = async (path) => (await asked(path)).blob();
const at = (id) => `/conversations/${enc(id)}`;

export const about = () => json("/about");
export const conversations = () => json("/conversations");
export const begin = () => json("/conversations", { method: "POST" });
export const remove = (id) => asked(at(id), { method: "DELETE" });
export const tell = (id, text) => asked(`${at(id)}/turns`, { method: "POST", body: { text } });
export const stop = (id) => asked(`${at(id)}/stop`, { method: "POST" });
export const answer = (id, number, text) =>
  asked(`${at(id)}/questions/${number}`, { method: "POST", body: { text } });
export const decide = (id, number, verdict) =>
  asked(`${at(id)}/approvals/${number}`, { method: "POST", body: { verdict } });
export const file = (id, name) => blob(`${at(id)}/files/${enc(name)}`);
export const trace = (id, form) => blob(`${at(id)}/trace.${form}`);

/**
 * Hears what happens in a conversation, from its beginning; connects again when the connection is
 * lost, and goes on where it was. EventSource could not send the token.
 */
export async function listen(id, { open, lost, entry }, signal) {
  let last = 0;
  while (!signal.aborted) {
    try {
      const answer = await asked(`${at(id)}/events`, { signal, headers: { "last-event-id": String(last) } });
      open();
      for await (const told of events(answer.body)) {
        last = told.number;
        entry(told);
      }
      throw new Error("the server has ended");
    } catch (error) {
      if (signal.aborted) return;
      lost(error);
      if (error instanceof Locked) return;
      await new Promise((resolve) => setTimeout(resolve, 1500));
    }
  }
}

/** The events of a stream (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const blocks = text.split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split("\n").map((line) => {
        const colon = line.indexOf(": ");
        return [line.slice(0, colon), line.slice(colon + 2)];
      }));
      if (fields.data) yield { number: Number(fields.id), kind: fields.event, data: JSON.parse(fields.data) };
    }
  }
}
