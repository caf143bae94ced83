/** What the agent says and does, as server-sent events; connects again by itself. */

import { unlocked } from "./api.js";
import { wait } from "./dom.js";

const KINDS = ["delta", "sentence", "tick", "glimpse", "source", "budget", "cameras", "alerts", "speech", "hush", "dropped"];
const SILENCE_MS = 8000; // ticks come five times a second; so long without anything is a dead connection
const MAX_WAIT_MS = 4000;

/** Dispatches an event of each kind with the body as `detail`, and `state` with "open", "away", "full" or "locked". */
export class AgentEvents extends EventTarget {
  #source = null;
  #heard = 0;
  #attempt = 0;
  #state = "";
  #place = ""; // up to which the page was told what happened: what it misses afterwards is told when it is back

  start() {
    setInterval(() => this.#watch(), 2000);
    addEventListener("online", () => this.#reopen());
    this.#open();
  }

  #open() {
    this.#source?.close();
    this.#heard = performance.now();
    const source = (this.#source = new EventSource(this.#place ? `/events?after=${encodeURIComponent(this.#place)}` : "/events"));
    source.onopen = () => {
      this.#attempt = 0;
      this.#heard = performance.now();
      this.#say("open");
    };
    source.onerror = () => source === this.#source && this.#lost();
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        this.#heard = performance.now();
        this.#place = event.lastEventId;
        this.dispatchEvent(new CustomEvent(kind, { detail: JSON.parse(event.data) }));
      });
    }
  }

  #watch() {
    if (this.#source?.readyState === EventSource.OPEN && performance.now() - this.#heard > SILENCE_MS) this.#lost();
  }

  #reopen() {
    if (this.#state !== "open") this.#open();
  }

  async #lost() {
    this.#source.close();
    const source = this.#source;
    this.#say(await this.#cause());
    if (this.#state === "locked") await unlocked();
    else await wait(Math.min(MAX_WAIT_MS, 500 * 2 ** this.#attempt++) * (0.75 + Math.random() / 2));
    if (source === this.#source) this.#open();
  }

  async #cause() {
    // An EventSource does not tell why it was refused; another request does.
    try {
      const response = await fetch("/budget", { credentials: "same-origin", cache: "no-store" });
      if (response.status === 401) return "locked";
      if (response.status === 429 || response.status === 503) return "full";
      return "away";
    } catch {
      return "away";
    }
  }

  #say(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }
}
