/** Questions, typed or spoken, and instructions that stand. */

import { json } from "./api.js";
import { isStanding } from "./alerts.js";
import { byId } from "./dom.js";

const MAX_BEFORE = 30;

export class Ask {
  #field = byId("question");
  #note = byId("ask-note");
  #before = []; // what was asked, for the arrow keys
  #place = 0;

  constructor(log, instructions, listener, speaker) {
    this.log = log;
    this.instructions = instructions;
    byId("ask").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#field.addEventListener("keydown", (event) => this.#recall(event));
    listener.addEventListener("begin", () => (speaker.hush(), this.#say("Listening")));
    listener.addEventListener("words", ({ detail }) => (this.#field.value = detail));
    listener.addEventListener("trouble", ({ detail }) => this.#say(detail));
    listener.addEventListener("asked", ({ detail }) => ((this.#field.value = detail), this.#submit()));
  }

  focus() {
    this.#field.focus();
  }

  #submit() {
    const text = this.#field.value.trim();
    if (!text) return;
    this.#field.value = "";
    this.#before = [...this.#before, text].slice(-MAX_BEFORE);
    this.#place = this.#before.length;
    this.log.mine(text);
    if (isStanding(text)) this.#stand(text);
    else this.#ask(text);
  }

  async #ask(text) {
    this.#say("");
    try {
      const answer = await json("POST", "/ask", { text });
      const unknown = answer.unknown ?? [];
      this.#say(unknown.length ? `It has no word for ${unknown.join(", ")}, and left ${unknown.length > 1 ? "them" : "it"} out.` : `Answered in ${answer.seconds.toFixed(1)} s`);
    } catch (error) {
      this.log.note(error.status === 0 ? "The agent does not answer now. Ask again when it is back." : `No answer: ${error.message || "the agent refused"}`);
    }
  }

  async #stand(text) {
    const isAdded = await this.instructions.add(text);
    byId("standing").open = !isAdded;
    this.#say(isAdded ? "It will tell you each time. Watch for, above, takes it back." : "");
  }

  #recall(event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step || !this.#before.length) return;
    event.preventDefault();
    this.#place = Math.max(0, Math.min(this.#before.length, this.#place + step));
    this.#field.value = this.#before[this.#place] ?? "";
  }

  #say(text) {
    this.#note.textContent = text;
  }
}
