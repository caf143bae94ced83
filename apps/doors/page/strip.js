/** The latency of every stage against the budget: bars of the last ticks, figures, what was not read and why. */

import { json } from "./api.js";
import { byId, make } from "./dom.js";

const MAX_TICKS = 60, MAX_SAID = 20, SPOKEN_MS = 3000, SEND_MS = 150;
// "look" is all of perception and its parts stand beside it, so the parts are drawn; "wait" is what no stage took.
const STAGES = [
  ["encode", "see"],
  ["sample", "compare"],
  ["prune", "choose"],
  ["fovea", "closer look"],
  ["audio", "hear"],
  ["read", "read"],
  ["write", "write"],
  ["rest", "wait"],
];
const CAUSES = { still: "still picture", "no budget": "no time" };

export class Strip {
  #ticks = [];
  #skipped = new Map();
  #missed = 0;
  #glass = [];
  #canvas = byId("bars");
  #spokenAt = 0;
  #isDrawn = true;

  constructor() {
    new ResizeObserver(() => this.#draw()).observe(this.#canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
    setInterval(() => this.#figures(), 1000);
  }

  /** A message of kind `tick`. */
  tick(report) {
    this.#ticks.push({ ...report, stages: stagesOf(report) });
    if (this.#ticks.length > MAX_TICKS) this.#ticks.shift();
    for (const cause of Object.values(report.skipped)) this.lose(CAUSES[cause] ?? cause, 1);
    this.#missed += report.missed;
    if (!this.#isDrawn) return;
    this.#isDrawn = false;
    requestAnimationFrame(() => this.#draw());
  }

  /** A message of kind `sentence`: how long it took from the picture to the words. */
  said({ glass_to_token_ms: glass }) {
    if (glass === null) return;
    this.#glass.push(glass);
    if (this.#glass.length > MAX_SAID) this.#glass.shift();
  }

  /** Something was not heard or seen; it is counted under its cause. */
  lose(cause, number) {
    this.#skipped.set(cause, (this.#skipped.get(cause) ?? 0) + number);
  }

  #draw() {
    this.#isDrawn = true;
    const canvas = this.#canvas, ratio = devicePixelRatio, width = canvas.clientWidth, height = canvas.clientHeight;
    if (!width) return;
    Object.assign(canvas, { width: width * ratio, height: height * ratio });
    const context = canvas.getContext("2d"), style = getComputedStyle(canvas), colour = (name) => style.getPropertyValue(name).trim();
    context.scale(ratio, ratio);
    const budget = this.#ticks.at(-1)?.budget_ms ?? Number(byId("budget").value);
    const top = Math.max(budget * 1.18, ...this.#ticks.map((tick) => Math.min(tick.latency_ms, budget * 2.5)));
    const scale = (height - 4) / top, step = width / MAX_TICKS, bar = Math.max(2, step - Math.min(3, step / 3));
    this.#ticks.forEach((tick, n) => {
      const x = width - (this.#ticks.length - n) * step;
      let y = height;
      tick.stages.forEach((cost, index) => {
        const tall = Math.min(cost * scale, y);
        context.fillStyle = colour(tick.is_late ? "--bad" : `--stage-${index + 1}`);
        context.globalAlpha = tick.is_late ? 1 - index * 0.09 : 1;
        context.fillRect(x, y - tall, bar, tall);
        y -= tall;
      });
      context.globalAlpha = 1;
      if (tick.is_late) lateMark(context, x + bar / 2, colour("--bad"));
    });
    budgetLine(context, height - budget * scale, width, `${Math.round(budget)} ms`, colour("--text"), colour("--surface"));
  }

  #figures() {
    const newest = this.#ticks.at(-1);
    if (!newest) return;
    const latencies = this.#ticks.map((tick) => tick.latency_ms), numLate = this.#ticks.filter((tick) => tick.is_late).length;
    const glass = this.#glass.length ? `; from picture to words ${Math.round(middle(this.#glass))} ms` : "";
    const median = middle(latencies), inTime = `${this.#ticks.length - numLate} of the last ${this.#ticks.length} in time${glass}`;
    byId("latency").textContent = Math.round(median);
    byId("latency").closest("p").classList.toggle("is-late", median > newest.budget_ms);
    byId("in-time").textContent = inTime;
    const costs = STAGES.map(([, name], n) => ({ name, n, ms: middle(this.#ticks.map((tick) => tick.stages[n])) })).filter(({ ms }) => ms >= 0.05);
    byId("legend").replaceChildren(...costs.map(({ name, n, ms }) => make("li", {}, make("i", { class: `stage-${n + 1}`, "aria-hidden": "true" }), `${name} `, make("b", {}, ms.toFixed(ms < 9.95 ? 1 : 0)))));
    this.#speak(median, Math.max(...latencies), newest.budget_ms, inTime, costs);
    const causes = [...this.#skipped].map(([cause, count]) => `${cause} ${count}`);
    if (this.#missed) causes.push(`ticks missed ${this.#missed}`);
    byId("drops").textContent = causes.length ? `Not read: ${causes.join(", ")}` : "";
  }

  #speak(median, most, budget, inTime, costs) {
    if (performance.now() - this.#spokenAt < SPOKEN_MS) return;
    this.#spokenAt = performance.now();
    const stages = costs.map(({ name, ms }) => `${name} ${ms.toFixed(1)}`).join(", ");
    this.#canvas.ariaLabel = `Latency: ${median.toFixed(0)} ms in the median, ${most.toFixed(0)} at most, of a budget of ${Math.round(budget)} ms; ${inTime}. Stages in ms: ${stages}.`;
  }
}

/** The budget's slider; a change is sent while it is moved. What the server tells last is what stands. */
export class BudgetSlider {
  #slider = byId("budget");
  #timer = 0; // of a change that is not sent yet
  #sending = 0; // changes whose answers are not here
  #told = null; // what the server said last: it may come while the slider is held, and counts then as well
  #numTold = 0;

  constructor() {
    this.#slider.addEventListener("input", () => {
      this.#show(Number(this.#slider.value));
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#send(), SEND_MS);
    });
  }

  /** Ask the server for the budget as it is. */
  async load() {
    const numTold = this.#numTold;
    const value = await json("GET", "/budget").catch(() => null);
    // What was told in the meantime may be newer than the answer.
    if (value && numTold === this.#numTold) this.set(value.budget_ms);
  }

  /** The budget was changed, here or elsewhere. */
  set(budget_ms) {
    this.#told = budget_ms;
    this.#numTold++;
    this.#slider.disabled = false;
    this.#settle();
  }

  focus() {
    this.#slider.focus();
  }

  async #send() {
    this.#timer = 0;
    this.#sending++;
    const numTold = this.#numTold, budget_ms = Number(this.#slider.value);
    const trouble = await json("PUT", "/budget", { budget_ms }).then(() => "", (error) => error.message || "refused");
    this.#sending--;
    if (trouble) {
      byId("budget-out").textContent = trouble;
      return this.load();
    }
    // The server tells of this change too; where that is still on its way, what was told before must not come back.
    if (numTold === this.#numTold) this.#told = budget_ms;
    this.#settle();
  }

  #settle() {
    if (this.#timer || this.#sending || this.#told === null) return;
    this.#slider.value = this.#told;
    this.#show(this.#told);
  }

  #show(budget_ms) {
    byId("budget-out").textContent = `${Math.round(budget_ms)} ms`;
    this.#slider.setAttribute("aria-valuetext", `${Math.round(budget_ms)} milliseconds`);
  }
}

function stagesOf({ costs_ms, latency_ms }) {
  const costs = STAGES.slice(0, -1).map(([stage]) => costs_ms[stage] ?? 0);
  const parts = costs.slice(0, 5).reduce((sum, cost) => sum + cost, 0);
  costs[0] += Math.max(0, (costs_ms.look ?? 0) - parts);
  return [...costs, Math.max(0, latency_ms - costs.reduce((sum, cost) => sum + cost, 0))];
}

function lateMark(context, x, colour) {
  context.fillStyle = colour;
  context.beginPath();
  context.moveTo(x - 4, 0);
  context.lineTo(x + 4, 0);
  context.lineTo(x, 6);
  context.fill();
}

function budgetLine(context, y, width, text, colour, ground) {
  Object.assign(context, { strokeStyle: colour, lineWidth: 1.5, font: "600 11px system-ui, sans-serif", textBaseline: "middle" });
  context.setLineDash([5, 4]);
  context.beginPath();
  context.moveTo(0, y);
  context.lineTo(width, y);
  context.stroke();
  const wide = context.measureText(text).width;
  context.fillStyle = ground;
  context.fillRect(0, y - 8, wide + 8, 16);
  context.fillStyle = colour;
  context.fillText(text, 0, y);
}

function middle(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
