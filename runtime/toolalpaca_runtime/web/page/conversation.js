// One conversation: hears what happens in it, and shows it.

import { byId, h, say } from "./dom.js";
import * as asking from "./asking.js";
import * as server from "./server.js";
import * as steps from "./steps.js";

const log = byId("log");
const place = byId("steps");

export class Conversation {
  constructor(id, changed) {
    this.id = id;
    this.running = false;
    this.changed = changed; // told when a turn begins or ends, and when the person is asked
    this.calls = new Map();
    this.asked = new Map();
    this.live = null;
    this.at = 0;
    this.leaving = new AbortController();
    place.replaceChildren();
    server.listen(id, {
      open: () => connection("live", "live"),
      lost: (error) => connection("off", error instanceof server.Locked ? error.message : "the server is away"),
      entry: (told) => this.hear(told),
    }, this.leaving.signal);
  }

  leave() {
    this.leaving.abort();
  }

  hear({ number, kind, data }) {
    if (this.leaving.signal.aborted) return; // another conversation is shown
    const low = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
    this[kind](data, number);
    if (low) log.scrollTop = log.scrollHeight;
  }

  add(...elements) {
    place.append(...elements);
  }

  delta({ text, restart }) {
    if (restart) this.live?.replaceChildren(); // the model begins its reply again
    // Not read aloud piece by piece: the event that follows is.
    if (!this.live) this.add(this.live = h("p.live-text", { "aria-live": "off" }));
    this.live.append(text);
  }

  event(event) {
    this.live?.remove();
    this.live = null;
    const seconds = Math.max(event.at - this.at, 0);
    this.at = event.at;
    if (event.kind === "user") this.add(steps.words("You", event.text, "user"));
    else if (event.kind === "assistant") this.add(...steps.step(event, seconds, this.calls));
    else this.observation(event, seconds);
  }

  observation(event, seconds) {
    const call = this.calls.get(event.call);
    if (call) call.finish(event, seconds, this.id);
    else if (event.source === "user") this.add(steps.words("You", event.text, "user"));
    else this.add(steps.remark(event, seconds));
  }

  open(asked, number) {
    const form = asking.form(this.id, number, asked, (error) => this.fail(error));
    this.asked.set(number, form);
    this.add(form);
    say(asked.what === "question" ? "The agent asks you something." : "The agent asks for your approval.");
    // What the person is typing must not end up in the answer.
    if (!document.activeElement?.value) (form.querySelector("textarea") ?? form).focus({ preventScroll: true });
    this.changed();
  }

  settled({ number }) {
    const form = this.asked.get(number);
    if (form?.contains(document.activeElement)) byId("words").focus({ preventScroll: true });
    form?.remove();
    this.asked.delete(number);
    this.changed();
  }

  turn(told) {
    this.live?.remove();
    this.live = null;
    this.running = told.running;
    place.setAttribute("aria-busy", String(told.running));
    if (!told.running) {
      if (told.status === "stopped") this.add(steps.note(told.answer, "warning"));
      if (told.status === "interrupted") this.add(steps.note("You stopped the agent.", "warning"));
      if (told.status === "failed") this.add(steps.note(told.reason, "failure"));
    }
    this.changed();
  }

  /** It was forgotten, in another tab perhaps: there is nothing more to hear. */
  end() {
    this.leave();
    this.running = false;
    this.add(steps.note("This conversation has been forgotten.", "warning"));
    this.changed();
  }

  fail(error) {
    this.add(steps.note(error.message, "failure"));
    log.scrollTop = log.scrollHeight;
  }
}

export function connection(state, text) {
  byId("live").dataset.state = state;
  byId("live").textContent = text;
}
