/** Alerts stay on top until they are dismissed; the instructions that cause them can be listed, added, removed. */

import { json } from "./api.js";
import { byId, icon, make } from "./dom.js";
import { CLOCK } from "./log.js";

const MAX_ALERTS = 20;

export class Alerts {
  #list = byId("alert-list");
  #all = byId("dismiss-all");
  #more = byId("more-alerts");

  constructor() {
    this.#all.addEventListener("click", () => this.#dismiss([...this.#list.children]));
    this.#more.addEventListener("click", () => (byId("alerts").classList.toggle("is-open"), this.#show()));
  }

  /** Put one on top; the same words again are counted. */
  raise(words, name) {
    const key = `${name} ${words}`;
    const before = [...this.#list.children].find((each) => each.dataset.key === key);
    const count = before ? Number(before.dataset.count) + 1 : 1;
    before?.remove();
    this.#list.prepend(this.#make(words, name, key, count));
    while (this.#list.children.length > MAX_ALERTS) this.#list.lastElementChild.remove();
    this.#show();
  }

  /** Take the newest away. */
  dismissNewest() {
    this.#dismiss([...this.#list.children].slice(0, 1));
  }

  #make(words, name, key, count) {
    const when = `${new Date().toLocaleTimeString([], CLOCK)}${name ? `, ${name}` : ""}${count > 1 ? `, ${count} times` : ""}`;
    const text = make("p", {}, words, make("span", { class: "small" }, when));
    const item = make("div", { class: "alert", "data-key": key, "data-count": count });
    const close = make("button", { class: "button quiet square", type: "button", "aria-label": `Dismiss: ${words}`, title: "Dismiss (D)", click: () => this.#dismiss([item]) }, icon("close"));
    item.append(icon("bell"), text, close);
    return item;
  }

  #dismiss(items) {
    const hadFocus = byId("alerts").contains(document.activeElement);
    for (const item of items) item.remove();
    this.#show();
    if (hadFocus) (this.#list.querySelector("button") ?? byId("question")).focus();
  }

  #show() {
    const count = this.#list.children.length;
    const isOpen = byId("alerts").classList.toggle("is-open", count > 1 && byId("alerts").classList.contains("is-open"));
    this.#all.hidden = this.#more.hidden = count < 2;
    this.#more.textContent = isOpen ? "Only the newest" : `${count - 1} more`;
    this.#more.setAttribute("aria-expanded", isOpen);
    document.title = count ? `(${count}) Millrace` : "Millrace";
  }
}

const STANDING = /^\s*(?:please\s+)?(?:tell me|alert me|let me know)\s+when\b/i;

/** Whether a line is an instruction that stands: `tell me when ...`. */
export const isStanding = (line) => STANDING.test(line);

export class Instructions {
  #list = byId("instructions");
  #error = byId("instruct-error");
  #shown = "";

  constructor() {
    byId("instruct").addEventListener("submit", (event) => {
      event.preventDefault();
      const field = byId("instruction"), line = field.value.trim();
      if (line) this.add(isStanding(line) ? line : `tell me when ${line}`).then((isAdded) => isAdded && (field.value = ""));
    });
  }

  /** Ask the server which stand. */
  async load() {
    const value = await json("GET", "/alerts").catch(() => null);
    if (value) this.#show(value.alerts);
  }

  /** Add one; false where the server refused, and the form says why. */
  async add(text) {
    return this.#change("POST", "/alerts", { text });
  }

  async #change(method, path, body) {
    this.#error.textContent = "";
    try {
      await json(method, path, body);
    } catch (error) {
      this.#error.textContent = error.message || "The agent refused.";
      return false;
    }
    await this.load();
    return true;
  }

  #show(alerts) {
    const key = JSON.stringify(alerts);
    if (key === this.#shown) return; // what has not changed keeps its focus
    this.#shown = key;
    byId("standing-count").textContent = alerts.length === 0 ? "nothing yet" : alerts.length === 1 ? "1 thing" : `${alerts.length} things`;
    this.#list.replaceChildren(...alerts.map((line) => this.#item(line)));
  }

  #item({ text, id }) {
    const remove = async () => {
      if (await this.#change("DELETE", `/alerts/${encodeURIComponent(id)}`)) byId("instruction").focus();
    };
    const close = make("button", { class: "button quiet square", type: "button", "aria-label": `Remove: ${text}`, title: "Remove", click: remove }, icon("close"));
    return make("li", {}, make("span", {}, text), close);
  }
}
