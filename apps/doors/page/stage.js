/** All cameras on the stage: those of this page, and those that came by other doors. */

import { json } from "./api.js";
import { Camera } from "./camera.js";
import { byId } from "./dom.js";
import { Tile } from "./tile.js";

const FIGURES_MS = 2000, LEAVING_MS = 4000;
const STATES = { silent: ["No picture comes", "warn"], broken: ["Broken", "bad"], ended: ["Ended", "warn"] };

export class Stage extends EventTarget {
  #cameras = new Map(); // of this page, by name
  #tiles = new Map();
  #ended = new Map(); // name -> when: the agent's last glimpses of it are still on their way
  #isViewOn = true;
  #listing = null;
  #isListingAgain = false;
  #silent = new Set(); // names of cameras elsewhere that send nothing: who comes anew under one of them takes its place

  constructor() {
    super();
    setInterval(() => this.#figures(), FIGURES_MS);
    addEventListener("online", () => this.nudge());
    addEventListener("pagehide", () => this.cameras.forEach((camera) => camera.leave()));
    addEventListener("pageshow", (event) => event.persisted && this.nudge());
    navigator.mediaDevices?.addEventListener?.("devicechange", () => this.#devicesChanged());
  }

  get cameras() {
    return [...this.#cameras.values()];
  }

  /** Start a source ({kind, title, ...}) under a name like `wanted`. */
  add(source, wanted) {
    const camera = new Camera(this.#freeName(wanted), source);
    this.#cameras.set(camera.name, camera);
    this.#put(camera.name, camera);
    camera.addEventListener("state", () => this.dispatchEvent(new Event("change")));
    camera.addEventListener("ended", () => this.#remove(camera.name));
    camera.start();
    return camera;
  }

  /** A message of kind `glimpse`. */
  see(glimpse) {
    this.#welcome(glimpse.camera);
    this.#tiles.get(glimpse.camera)?.see(glimpse);
  }

  showView(isOn) {
    this.#isViewOn = isOn;
    for (const tile of this.#tiles.values()) tile.overlay.show(isOn);
  }

  /** Try all that is not connected at once: the network or the server is back. */
  nudge() {
    for (const camera of this.cameras) if (camera.state.phase === "lost") camera.nudge();
    this.list();
  }

  /** Ask the server who sits where. */
  list() {
    if (this.#listing) this.#isListingAgain = true; // the answer on its way may be older than what happened now
    else this.#listing = json("GET", "/cameras").then(({ cameras }) => this.seat(cameras), () => {}).finally(() => this.#listed());
    return this.#listing;
  }

  #listed() {
    const isAgain = this.#isListingAgain;
    this.#listing = null;
    this.#isListingAgain = false;
    if (isAgain) this.list();
  }

  /** What the server says of its cameras: [{name, state, seat, is_configured, detail}]. */
  seat(cameras) {
    cameras = cameras.filter((each) => each.seat);
    this.#silent = new Set(cameras.filter(({ state }) => state === "silent").map(({ name }) => name));
    for (const { name, seat, state, dropped } of cameras) {
      this.#welcome(name);
      const tile = this.#tiles.get(name);
      if (!tile) continue;
      Object.assign(tile, { seat, dropped });
      if (!this.#cameras.has(name)) tile.say(...(STATES[state] ?? ["Live", "good"]));
    }
    const present = new Set(cameras.map((each) => each.name));
    for (const name of [...this.#tiles.keys()]) if (!this.#cameras.has(name) && !present.has(name)) this.#remove(name);
  }

  /** A camera that came by another door has a place here too; not one that has just been ended here. */
  #welcome(name) {
    const endedAt = this.#ended.get(name) ?? -Infinity;
    if (!this.#tiles.has(name) && performance.now() - endedAt > LEAVING_MS) this.#put(name, { name });
  }

  #put(name, camera) {
    this.#tiles.get(name)?.element.remove();
    const tile = new Tile(camera);
    tile.overlay.show(this.#isViewOn);
    this.#tiles.set(name, tile);
    byId("tiles").append(tile.element);
    this.arrange();
    this.list();
  }

  #remove(name) {
    const hadFocus = this.#tiles.get(name)?.element.contains(document.activeElement);
    this.#tiles.get(name)?.element.remove();
    this.#tiles.delete(name);
    if (this.#cameras.delete(name)) this.#ended.set(name, performance.now());
    this.arrange();
    if (hadFocus) (this.#tiles.size ? byId("add") : byId("start-camera")).focus();
  }

  /** Lay out what is on the stage. */
  arrange() {
    const list = byId("tiles"), count = list.children.length;
    list.hidden = count === 0;
    byId("empty").hidden = count > 0;
    byId("add").hidden = count === 0;
    list.dataset.count = count;
    list.toggleAttribute("data-many", count > 4);
    this.dispatchEvent(new Event("change"));
  }

  #freeName(wanted) {
    const name = wanted.normalize("NFKD").replace(/[^A-Za-z0-9_-]+/g, "-").replace(/^[^A-Za-z0-9]+|-+$/g, "").slice(0, 28) || "camera";
    const isTaken = (each) => this.#cameras.has(each) || (this.#tiles.has(each) && !this.#silent.has(each));
    let free = name;
    for (let n = 2; isTaken(free); n++) free = `${name}-${n}`;
    return free;
  }

  async #figures() {
    for (const camera of this.cameras) {
      const figures = camera.isLive ? await camera.figures() : null;
      if (figures) this.#tiles.get(camera.name)?.figures(figures);
    }
  }

  #devicesChanged() {
    for (const camera of this.cameras) {
      if (camera.source.kind === "camera" && camera.isMissed) camera.retry();
    }
    this.dispatchEvent(new Event("devices"));
  }
}
