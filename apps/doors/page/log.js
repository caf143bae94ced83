/** The sentences: word by word while they are written, then as lines that stay. */

import { byId, make } from "./dom.js";

const MAX_LINES = 300;
const PREFIX = /^(?:alert\s+|reply\s*:\s*|cam\d+\s*:\s*|mic\s*:\s*)*/;
export const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };

export class Log {
  #list = byId("log");
  #writing = byId("writing");
  #open = [""]; // sentences that are being written; all but the last have ended
  #startMs = Infinity; // when the session began, on this page's clock

  constructor() {
    this.#list.addEventListener("scroll", () => this.#isAtEnd() && (byId("newest").hidden = true), { passive: true });
    byId("newest").addEventListener("click", () => this.#toEnd());
  }

  /** A message of kind `delta`. */
  write({ text, is_end }) {
    const last = this.#open.length - 1;
    this.#open[last] = /^[:,.;!?]/.test(text) ? this.#open[last] + text : `${this.#open[last]} ${text}`.trim();
    if (is_end) this.#open.push("");
    if (this.#open.length > 8) this.#open.shift(); // the stream was broken: their sentences will not come
    this.#show();
  }

  /** A message of kind `sentence`; returns its words without the names in front. `name` is that of its camera. */
  tell(sentence, name) {
    if (this.#open.length > 1) this.#open.shift();
    this.#show();
    const words = bare(sentence.text), at = this.#wallTime(sentence.t_out_s);
    const delay = Math.max(0, sentence.t_out_s - sentence.t_s);
    const time = make("time", { datetime: at.toISOString(), title: `${delay.toFixed(1)} s after what it tells of` }, at.toLocaleTimeString([], CLOCK));
    const from = name && make("span", { class: "from" }, name);
    const isReply = sentence.kind === "reply";
    const line = make("p", {}, from || null, words);
    this.#add(make("li", { class: `said is-${sentence.kind}` }, ...(isReply ? [line] : [time, line])));
    return words;
  }

  /** What the person asked. */
  mine(text) {
    this.#add(make("li", { class: "said is-mine" }, make("p", {}, make("span", { class: "hidden" }, "You: "), text)));
  }

  /** A sentence of the page itself. */
  note(text) {
    this.#add(make("li", { class: "said is-reply is-trouble" }, make("p", {}, text)));
  }

  /** How many seconds ago a sentence was said. */
  age(sentence) {
    return (Date.now() - this.#wallTime(sentence.t_out_s)) / 1000;
  }

  /** The page was away for too long, or the agent began anew: what was said in the meantime is not known. */
  restart() {
    this.#open = [""];
    this.#startMs = Infinity;
    this.#show();
    if (this.#list.children.length) this.#add(make("li", { class: "said is-gap" }, make("p", {}, "The agent was away")));
  }

  #show() {
    this.#writing.textContent = this.#open.map(bare).filter(Boolean).join(" · ");
  }

  #add(item) {
    const isAtEnd = this.#isAtEnd();
    byId("log-empty").hidden = true;
    this.#list.append(item);
    while (this.#list.children.length > MAX_LINES) this.#list.firstElementChild.remove();
    if (isAtEnd) this.#toEnd();
    else byId("newest").hidden = false;
  }

  #isAtEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.#list;
    return scrollHeight - scrollTop - clientHeight < 60;
  }

  #toEnd() {
    this.#list.scrollTop = this.#list.scrollHeight;
    byId("newest").hidden = true;
  }

  #wallTime(seconds) {
    // The quickest message ever tells best when the session began.
    this.#startMs = Math.min(this.#startMs, Date.now() - seconds * 1000);
    return new Date(this.#startMs + seconds * 1000);
  }
}

/** A sentence without `cam1:`, `alert` or `reply:` in front, with a capital. */
export function bare(text) {
  const rest = text.replace(PREFIX, "");
  return rest.charAt(0).toUpperCase() + rest.slice(1);
}
