/** One camera in the page: its picture, the agent's view over it, its state in words. */

import { advise, icon, isCalm, make } from "./dom.js";
import { Overlay } from "./overlay.js";

const LOOK_MS = 1000, LOOK_AGAIN_MS = 5000; // between pictures of a camera elsewhere that moves, and of a still one
const CAUSES = {
  replaced: "for newer ones",
  "replaced in the decoder": "for newer ones",
  late: "too late",
  damaged: "damaged",
  "not decoded in time": "not decoded in time",
};

export class Tile {
  #camera;
  #parts;
  #lookedAt = -Infinity;

  /** `camera` is one of this page (camera.js), or {name} for one that came by another door. */
  constructor(camera) {
    this.#camera = camera;
    const video = camera.video ?? null;
    this.#parts = {
      over: make("canvas", { class: "over", "aria-hidden": "true" }),
      ring: make("div", { class: "ring", "aria-hidden": "true" }),
      name: make("span", { class: "name" }, camera.name),
      seat: make("span", { class: "seat", hidden: true }),
      words: make("span", {}),
      state: make("span", { class: "state", role: "status" }),
      tools: make("div", { class: "tools" }),
      dropped: make("p", { class: "dropped", hidden: true }),
      trouble: make("div", { class: "trouble", hidden: true }),
      seen: make("p", { class: "hidden" }),
    };
    const { over, ring, name, seat, words, state, tools, dropped, trouble, seen } = this.#parts;
    state.append(make("i", { class: "dot", "aria-hidden": "true" }), words);
    const inside = video ?? make("p", { class: "elsewhere" }, "Its picture comes to the agent by another door");
    this.#parts.inside = inside;
    const caption = make("figcaption", {}, name, seat, state, dropped);
    this.figure = make("figure", { class: "tile" }, inside, over, ring, trouble, caption, tools, seen);
    this.element = make("li", { class: "cell" }, this.figure);
    this.overlay = new Overlay(over);
    if (video) this.#bind(camera, video);
    else (this.say("Live", "good"), this.#look(LOOK_AGAIN_MS));
  }

  /** Which of the agent's cameras it is: `cam1`. */
  set seat(name) {
    this.#parts.seat.hidden = !name || name === this.#camera.name;
    this.#parts.seat.textContent = name ?? "";
  }

  say(words, tone) {
    if (this.#parts.words.textContent !== words) this.#parts.words.textContent = words;
    this.figure.dataset.tone = tone;
  }

  /** Pictures that the agent left out, by cause, as the server counts them. */
  set dropped(counts) {
    const byWords = new Map();
    for (const [cause, count] of Object.entries(counts)) {
      const words = CAUSES[cause] ?? cause;
      byWords.set(words, (byWords.get(words) ?? 0) + count);
    }
    const text = [...byWords].map(([words, count]) => `${count.toLocaleString("en")} ${words}`).join(", ");
    this.#parts.dropped.hidden = !text;
    this.#parts.dropped.textContent = text ? `Left out: ${text}` : "";
    this.#look(LOOK_AGAIN_MS);
  }

  see(glimpse) {
    this.#look(glimpse.kept.length ? LOOK_MS : LOOK_AGAIN_MS);
    this.overlay.see(glimpse);
    this.#parts.seen.textContent = this.overlay.words ? `The agent read: ${this.overlay.words}` : "";
    this.#pulse(glimpse.kept.length > 0);
  }

  async #look(pauseMs) {
    // Of a camera that came by another door the page has no picture but the agent's.
    const isSeen = document.visibilityState === "visible" && !this.#camera.video;
    if (!isSeen || performance.now() - this.#lookedAt < pauseMs) return;
    this.#lookedAt = performance.now();
    const picture = Object.assign(new Image(), { alt: `Picture of ${this.#camera.name}` });
    picture.src = `/cameras/${encodeURIComponent(this.#camera.name)}/picture?at=${Math.round(this.#lookedAt)}`;
    const isThere = await picture.decode().then(() => true, () => false); // none has come yet
    if (!isThere) return;
    this.figure.style.setProperty("--ratio", picture.naturalWidth / picture.naturalHeight);
    this.#parts.inside.replaceWith(picture);
    this.#parts.inside = picture;
  }

  #pulse(isKept) {
    this.#parts.ring.getAnimations().forEach((animation) => animation.cancel());
    const strength = isKept ? 1 : 0.45;
    const frames = isCalm() ? [{ opacity: strength }, { opacity: strength }] : [{ opacity: strength }, { opacity: 0 }];
    this.#parts.ring.animate(frames, { duration: isCalm() ? 400 : 900, easing: "ease-out" });
  }

  #bind(camera, video) {
    const reshape = () => video.videoWidth && this.figure.style.setProperty("--ratio", video.videoWidth / video.videoHeight);
    video.addEventListener("loadedmetadata", reshape);
    video.addEventListener("resize", reshape);
    video.setAttribute("aria-label", `Picture of ${camera.name}`);
    camera.addEventListener("media", ({ detail }) => this.#tools(detail));
    camera.addEventListener("state", () => this.#state());
    this.#tools(null);
    this.#state();
  }

  #tools(media) {
    const { tools } = this.#parts, camera = this.#camera;
    const end = make("button", { class: "button square", type: "button", "aria-label": `End ${camera.name}`, title: "End this camera", click: () => camera.end() }, icon("close"));
    tools.replaceChildren(...(media?.stream.getAudioTracks().length ? [this.#soundButton()] : []), end);
  }

  #soundButton() {
    const camera = this.#camera;
    const button = make("button", { class: "button square", type: "button" });
    const show = () => {
      button.setAttribute("aria-label", `Sound of ${camera.name} is ${camera.isMuted ? "off" : "on"}`);
      button.title = camera.isMuted ? "Switch its sound on" : "Switch its sound off";
      button.replaceChildren(icon(camera.isMuted ? "mic-off" : "mic"));
    };
    button.addEventListener("click", () => (camera.mute(!camera.isMuted), show()));
    show();
    return button;
  }

  #state() {
    const { words, tone, advice, phase } = this.#camera.state, { trouble } = this.#parts;
    this.say(words, tone);
    const key = advice ? `${phase} ${advice.title}` : "";
    if (trouble.dataset.key === key) return;
    trouble.dataset.key = key;
    trouble.hidden = !advice;
    if (!advice) return trouble.replaceChildren();
    const again = make("button", { class: "button", type: "button", click: () => this.#camera.retry() }, "Try again");
    trouble.replaceChildren(...advise(advice), again);
  }

  /** Figures beside the word "Live": {fps, width, height}. */
  figures({ fps, width, height }) {
    if (this.#camera.isLive) this.say(width ? `Live, ${width}×${height}, ${Math.round(fps)} fps` : "Live", "good");
  }
}
