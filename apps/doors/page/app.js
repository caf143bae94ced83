/** The page of `agent serve`: wires its parts to what the agent tells. */

import { Alerts, Instructions } from "./alerts.js";
import { Ask } from "./ask.js";
import { advise, byId, settings } from "./dom.js";
import { AgentEvents } from "./events.js";
import { closeDialogs, listenForKeys } from "./keys.js";
import { openLock } from "./lock.js";
import { Log } from "./log.js";
import { Sources } from "./sources.js";
import { Listener, Speaker } from "./speech.js";
import { Stage } from "./stage.js";
import { BudgetSlider, Strip } from "./strip.js";
import { toggleAgentPicture } from "./watch.js";
import { endLeftovers } from "./whip.js";
import { refused } from "./words.js";

const LIST_MS = 5000, FRESH_S = 5; // what was said longer ago is not spoken
const SERVER = {
  open: ["Connected", "good"],
  away: ["The agent is away; connecting again", "warn"],
  full: ["The agent is full; trying again", "warn"],
  locked: ["Waiting for the token", "warn"],
};

const events = new AgentEvents(), stage = new Stage(), log = new Log(), strip = new Strip(), budget = new BudgetSlider();
const alerts = new Alerts(), instructions = new Instructions(), speaker = new Speaker(), listener = new Listener();
const ask = new Ask(log, instructions, listener, speaker);
const sources = new Sources(stage, watchAgent, notify);

function hear() {
  const on = (kind, act) => events.addEventListener(kind, ({ detail }) => act(detail));
  on("state", serverState);
  on("delta", (delta) => log.write(delta));
  on("sentence", sentence);
  on("tick", (report) => strip.tick(report));
  on("glimpse", (glimpse) => stage.see(glimpse));
  on("budget", ({ budget_ms }) => budget.set(budget_ms));
  on("alerts", () => instructions.load());
  on("source", () => stage.list());
  on("cameras", () => stage.list());
  on("dropped", ({ messages }) => (messages === null ? log.restart() : strip.lose("events that this page was too slow for", messages)));
  on("hush", () => speaker.hush());
  on("speech", ({ state }) => state === "started" && speaker.hush());
  stage.addEventListener("change", stayAwake);
}

function sentence(body) {
  const words = log.tell(body, body.camera);
  strip.said(body);
  if (body.kind === "alert") alerts.raise(words, body.camera);
  if (body.kind !== "narration" && log.age(body) < FRESH_S) speaker.say(words);
}

function serverState(state) {
  const [words, tone] = SERVER[state], server = byId("server");
  server.dataset.tone = tone;
  server.lastElementChild.textContent = words;
  if (state !== "open") return;
  stage.nudge();
  instructions.load();
  budget.load();
}

function notify(advice) {
  const notice = byId("notice");
  notice.hidden = !advice;
  if (advice) {
    const inside = document.createElement("div");
    inside.append(...advise(advice));
    notice.replaceChildren(inside);
  }
}

async function watchAgent() {
  await toggleAgentPicture(() => stage.arrange()).catch((error) => notify(refused(error.status ?? 0, error.message)));
}

function showView(isOn) {
  settings.set("view", isOn);
  byId("view").setAttribute("aria-pressed", isOn);
  stage.showView(isOn);
}

let awake = null;

async function stayAwake() {
  // A phone that sleeps sends nothing.
  const isWanted = stage.cameras.some((camera) => camera.isLive) && document.visibilityState === "visible";
  if (!isWanted) (awake?.release(), (awake = null));
  else if (!awake || awake.released) awake = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
}

async function start() {
  const toggleView = () => showView(byId("view").getAttribute("aria-pressed") !== "true");
  byId("where").textContent = location.host;
  byId("view").addEventListener("click", toggleView);
  byId("help").addEventListener("click", () => byId("help-dialog").showModal());
  document.addEventListener("visibilitychange", stayAwake);
  showView(settings.get("view", true));
  closeDialogs();
  listenForKeys([
    ["c", "Add a camera", () => (byId("add").hidden ? sources.camera() : sources.open())],
    ["/", "Ask", () => ask.focus()],
    ["m", "Ask by voice", () => listener.toggle()],
    ["s", "Speak answers, or be silent", () => speaker.toggle()],
    ["v", "The agent's view over the picture", toggleView],
    ["b", "The budget (then the arrow keys)", () => budget.focus()],
    ["d", "Dismiss the newest alert", () => alerts.dismissNewest()],
    ["?", "This help", () => byId("help-dialog").showModal()],
  ]);
  hear();
  await openLock();
  endLeftovers();
  events.start();
  setInterval(() => document.visibilityState === "visible" && stage.list(), LIST_MS);
}

start();
