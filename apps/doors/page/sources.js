/** The ways to add a camera: the first screen's buttons, and the dialog with all of them. */

import { json } from "./api.js";
import { canCapture } from "./capture.js";
import { byId, icon, make } from "./dom.js";
import { insecure } from "./words.js";

export class Sources {
  #stage;
  #dialog = byId("add-dialog");

  /** `watchAgent` shows the agent's own picture; `notify` shows an advice over the stage. */
  constructor(stage, watchAgent, notify) {
    this.#stage = stage;
    this.notify = notify;
    const on = (id, act) => byId(id).addEventListener("click", act);
    on("start-camera", () => this.camera());
    on("start-test", () => this.#start({ kind: "test" }, "test"));
    on("start-screen", () => this.#start({ kind: "screen" }, "screen"));
    on("start-file", () => byId("files").click());
    on("add", () => this.open());
    on("add-screen", () => this.#start({ kind: "screen" }, "screen"));
    on("add-file", () => byId("files").click());
    on("add-test", () => this.#start({ kind: "test" }, "test"));
    on("add-agent", () => (this.#dialog.close(), watchAgent()));
    byId("files").addEventListener("change", ({ target }) => this.#files(target));
    stage.addEventListener("devices", () => this.#dialog.open && this.#list());
  }

  /** The browser's first camera, at once. */
  camera(device = null) {
    if (!canCapture()) return this.notify(insecure());
    this.#start({ kind: "camera", deviceId: device?.deviceId }, nameFor(device));
  }

  /** All ways. */
  async open() {
    await Promise.all([this.#list(), this.#listConfigured()]); // first, so that nothing moves under the pointer
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  async #listConfigured() {
    const { cameras } = await json("GET", "/cameras").catch(() => ({ cameras: [] }));
    const configured = cameras.filter((each) => each.is_configured);
    byId("configured").hidden = configured.length === 0;
    byId("server-cameras").replaceChildren(...configured.map((each) => this.#configured(each)));
  }

  #configured({ name, state, seat, detail }) {
    const act = async () => {
      const done = seat ? json("DELETE", `/cameras/${encodeURIComponent(name)}`) : json("POST", "/cameras", { name });
      byId("configured-error").textContent = await done.then(() => "", (error) => error.message);
      await this.#listConfigured();
    };
    const note = make("span", { class: "muted", title: detail }, seat ? `${state}; press to end` : state);
    return make("li", {}, make("button", { class: "button", type: "button", click: act }, icon("camera"), name, note));
  }

  async #list() {
    const list = byId("devices");
    if (!canCapture()) return list.replaceChildren(make("li", { class: "muted" }, insecure().title));
    const devices = (await navigator.mediaDevices.enumerateDevices().catch(() => [])).filter(({ kind }) => kind === "videoinput");
    const used = new Set(this.#stage.cameras.flatMap(({ video }) => video.srcObject?.getVideoTracks().map((track) => track.getSettings().deviceId) ?? []));
    const known = devices.filter(({ deviceId }) => deviceId);
    const items = known.map((device, n) => this.#item(device, device.label || `Camera ${n + 1}`, used.has(device.deviceId)));
    // Until a camera was allowed the browser does not tell which there are.
    if (!known.length) items.push(this.#item(null, "Camera", false));
    list.replaceChildren(...items);
  }

  #item(device, label, isUsed) {
    const start = () => this.camera(device);
    const note = isUsed ? make("span", { class: "muted" }, "running") : null;
    return make("li", {}, make("button", { class: "button", type: "button", disabled: isUsed, click: start }, icon("camera"), label, note));
  }

  #files(input) {
    for (const file of input.files) this.#start({ kind: "file", file }, file.name.replace(/\.\w+$/, ""));
    input.value = "";
  }

  #start(source, name) {
    const field = byId("camera-name");
    this.notify(null);
    this.#dialog.close();
    this.#stage.add({ ...source, withSound: byId("with-sound").checked }, field.value.trim() || name);
    field.value = "";
  }
}

function nameFor(device) {
  const label = device?.label ?? "";
  if (/front|user/i.test(label)) return "front";
  if (/back|rear|environment/i.test(label)) return "back";
  return label.replace(/\(.*?\)/g, "").trim().split(/\s+/).slice(0, 2).join("-").toLowerCase() || "camera";
}
