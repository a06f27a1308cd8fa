// What belongs to the page as a whole: what is chosen, and what must be shown again.

import { chooseApi, mark, showApis } from "./apis.js";
import { byId, h, say } from "./dom.js";
import * as log from "./log.js";
import * as server from "./server.js";
import { refreshSoon, showState } from "./state.js";
import { showOperation } from "./try.js";

const wide = matchMedia("(min-width: 1100px)");
let names = [];
let session = kept() || "default";

/** The API and the operation in the address: #railway/createBooking. */
function chosen() {
  const [api, operation] = location.hash.slice(1).split("/").map(decoded);
  return { api: names.includes(api) ? api : names.length === 1 ? names[0] : "", operation };
}

/** The session of the last visit; a browser may refuse to remember. */
function kept() {
  try { return localStorage.getItem("toolalpaca-session"); } catch { return null; }
}

function keep(name) {
  try { localStorage.setItem("toolalpaca-session", name); } catch { /* then it is not */ }
}

function decoded(text) {
  try { return decodeURIComponent(text); } catch { return ""; }
}

/** Shows what is chosen; a form that is there already keeps what was written into it. */
async function show(anew = true) {
  const { api, operation } = chosen();
  try {
    if (api) await chooseApi(api);
    mark(api, operation);
    await Promise.all([
      showState(api, session),
      api && operation && (anew || byId("operation").hidden) ? showOperation(api, operation, session) : null,
    ]);
    if (anew && api && operation && !wide.matches) {
      turnTo("try");
      byId("try").focus();
    }
  } catch (error) {
    byId("welcome").hidden = false;
    byId("operation").hidden = true;
    say(error.message);
  }
}

async function showListing() {
  const listing = await server.listing();
  names = listing.apis.map((api) => api.name);
  byId("version").textContent = listing.version;
  showApis(listing.apis);
  log.showApiNames(names);
  await Promise.all([show(false), showSessions()]);
}

async function showSessions() {
  const known = await server.sessions();
  byId("sessions").replaceChildren(...[...new Set(["default", ...known])].slice(0, 100).map((name) => h("option", { value: name })));
}

/** On narrow screens one part is shown at a time. */
function turnTo(panel) {
  document.body.dataset.panel = panel;
  for (const tab of document.querySelectorAll(".tabs button")) {
    if (tab.dataset.panel === panel) tab.setAttribute("aria-current", "true");
    else tab.removeAttribute("aria-current");
  }
}

function tellLive(state, text) {
  const live = byId("live");
  live.dataset.state = state;
  live.textContent = text;
}

for (const tab of document.querySelectorAll(".tabs button")) {
  tab.addEventListener("click", () => turnTo(tab.dataset.panel));
}
turnTo("apis");

const field = byId("session");
field.value = session;
byId("session-form").addEventListener("submit", (event) => { event.preventDefault(); field.blur(); });
field.addEventListener("change", () => {
  if (!field.reportValidity()) return;
  session = field.value;
  keep(session);
  show();
});

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address says what is chosen
  byId("try").focus();
});
addEventListener("hashchange", () => show());
addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href^='#']");
  if (link && link.hash === location.hash) show(); // chosen once more: the form begins anew
});

server.listen({
  open() {
    tellLive("live", "live");
    showListing();
  },
  async lost(forever) {
    tellLive(forever ? "off" : "waiting", forever ? "no log" : "reconnecting");
    if (forever) {
      await server.newest().catch((error) => log.fail(error.message));
      showListing();
    }
  },
  request(entry) {
    log.add(entry);
    if (entry.session === session) refreshSoon();
  },
  missed: ({ count }) => log.missed(count),
  cleared: () => log.forget(),
});
