// What the server says of itself; docs at /_toolalpaca/openapi.json.

const OWN = "/_toolalpaca";
const enc = encodeURIComponent;

async function asked(path, options = {}) {
  const answer = await fetch(OWN + path, { headers: { accept: "application/json" }, ...options });
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    throw new Error(problem.detail ?? `the server answered ${answer.status}`);
  }
  return answer.status === 204 ? null : answer.json();
}

const json = (method, body) => ({
  method,
  headers: { accept: "application/json", "content-type": "application/json" },
  body: JSON.stringify(body),
});

export const listing = () => asked("/");
export const operations = (api) => asked(`/apis/${enc(api)}/operations`);
export const resources = (api) => asked(`/apis/${enc(api)}/resources`);
export const operation = (api, name, session) =>
  asked(`/apis/${enc(api)}/operations/${enc(name)}?session=${enc(session)}`);
export const prepare = (api, name, values) =>
  asked(`/apis/${enc(api)}/operations/${enc(name)}/request`, json("POST", values));
export const sessions = () => asked("/sessions");
export const snapshot = (session) => asked(`/sessions/${enc(session)}`);
export const reset = (session) => asked(`/sessions/${enc(session)}`, { method: "DELETE" });
export const request = (id) => asked(`/requests/${id}`);
export const clear = () => asked("/requests", { method: "DELETE" });
export const newest = () => asked("/requests?limit=1");

/** Hears of requests as they come; the browser connects again by itself. */
export function listen(handlers) {
  const source = new EventSource(`${OWN}/requests/stream`);
  source.onopen = () => handlers.open();
  source.onerror = () => handlers.lost(source.readyState === EventSource.CLOSED);
  for (const name of ["request", "missed", "cleared"]) {
    source.addEventListener(name, (event) => handlers[name](JSON.parse(event.data)));
  }
}
