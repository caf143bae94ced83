/** One camera of this page: its media, its session, and what state it is in, in words. */

import { openCamera, openFile, openScreen, openTest } from "./capture.js";
import { wait } from "./dom.js";
import { NoPathError, WhipSession } from "./whip.js";
import { noMedia, noPath, noWebRtc, refused, unplugged } from "./words.js";

const OPENERS = { camera: openCamera, screen: openScreen, file: openFile, test: openTest };
const WORDS = { 0: "The agent is away", 409: "The name is taken", 429: "Too many at once", 503: "No room now" };
const FIRST_WAIT_MS = 600, MAX_WAIT_MS = 15000, STEADY_MS = 10000;

/** Dispatches `state` when `state` changes ({phase, words, tone, advice}), `media` with a new stream, `ended` once. */
export class Camera extends EventTarget {
  #ending = new AbortController();
  #nudge = new AbortController();
  #media = null;
  #session = null;
  #attempt = 0;

  /** `name` is the one on the server, `source` is {kind, title, ...} for capture.js. */
  constructor(name, source) {
    super();
    this.name = name;
    this.source = source;
    this.video = Object.assign(document.createElement("video"), { muted: true, playsInline: true, autoplay: true });
    this.state = { phase: "asking", words: "Starting", tone: "warn", advice: null };
  }

  get isEnded() {
    return this.#ending.signal.aborted;
  }

  get isLive() {
    return this.state.phase === "live";
  }

  /** It was there and went away by itself: unplugged, or taken. */
  isMissed = false;

  get isMuted() {
    return !this.#media?.stream.getAudioTracks().some((track) => track.enabled);
  }

  /** Get the media and keep them connected until `end`. */
  async start() {
    if (!window.RTCPeerConnection) return this.#say("stopped", "Not supported", "bad", noWebRtc());
    this.#say("asking", this.source.kind === "camera" ? "Waiting for your permission" : "Starting", "warn");
    try {
      this.#take(await OPENERS[this.source.kind](this.source));
    } catch (error) {
      return this.isEnded || this.#say("stopped", "Not started", "bad", noMedia(error, this.source.kind));
    }
    if (this.isEnded) return this.#release();
    await this.#keep();
  }

  /** Once more, now: after trouble, or when the network is back. */
  async retry() {
    if (this.state.phase === "stopped") {
      this.#release();
      await this.start();
    } else if (!this.isLive) this.nudge();
  }

  /** Do not wait for the next attempt. */
  nudge() {
    this.#attempt = 0;
    this.#nudge.abort();
  }

  /** Sound on or off; the picture goes on. */
  mute(isMuted) {
    for (const track of this.#media?.stream.getAudioTracks() ?? []) track.enabled = !isMuted;
  }

  /** Stop for good, and tell the server. */
  end() {
    if (this.isEnded) return;
    this.#ending.abort();
    this.#session?.close();
    this.#release();
    this.dispatchEvent(new Event("ended"));
  }

  /** Tell the server that this page is going away; `retry` brings the camera back if it does not. */
  leave() {
    this.#session?.close();
  }

  /** Pictures a second and their size as sent, and the round trip: {fps, width, height, rttMs} or null. */
  async figures() {
    const report = await this.#session?.peer?.getStats().catch(() => null);
    if (!report) return null;
    const all = [...report.values()];
    const sent = all.find((each) => each.type === "outbound-rtp" && each.kind === "video");
    const pair = all.find((each) => each.type === "candidate-pair" && each.nominated && each.currentRoundTripTime !== undefined);
    if (!sent) return null;
    const rttMs = pair ? pair.currentRoundTripTime * 1000 : null;
    return { fps: sent.framesPerSecond ?? 0, width: sent.frameWidth, height: sent.frameHeight, rttMs };
  }

  #take(media) {
    this.#media = media;
    this.isMissed = false;
    this.video.srcObject = media.stream;
    this.video.play().catch(() => {}); // it plays as soon as it is in the page
    for (const track of media.stream.getVideoTracks()) track.onended = () => this.#lostTrack();
    this.dispatchEvent(new CustomEvent("media", { detail: media }));
  }

  #release() {
    for (const track of this.#media?.stream.getTracks() ?? []) {
      track.onended = null;
      track.stop();
    }
    this.#media?.end?.();
    this.#media = null;
    this.video.srcObject = null;
  }

  #lostTrack() {
    if (this.isEnded) return;
    if (this.source.kind === "screen") return this.end(); // the browser's own "stop sharing"
    this.#release();
    this.isMissed = true;
    this.#say("stopped", "The camera went away", "bad", unplugged());
    this.#session?.close();
  }

  async #keep() {
    while (!this.isEnded && this.#media) {
      const trouble = await this.#connect();
      if (this.isEnded || !this.#media) return;
      if (trouble.isFinal) return this.#say("stopped", "Refused", "bad", trouble.advice);
      await this.#pause(trouble);
    }
  }

  async #connect() {
    const session = (this.#session = new WhipSession(this.name, this.#media.stream));
    if (this.#attempt === 0) this.#say("connecting", "Connecting", "warn");
    let liveSince = 0;
    try {
      await session.open();
      liveSince = performance.now();
      this.#say("live", "Live", "good");
      await session.over;
      return { words: "Connection lost", advice: null };
    } catch (error) {
      return explain(error);
    } finally {
      if (liveSince && performance.now() - liveSince > STEADY_MS) this.#attempt = 0;
      session.close();
    }
  }

  async #pause({ words, advice, retryMs }) {
    const usual = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#attempt++) * (0.8 + Math.random() * 0.4);
    const until = performance.now() + Math.max(retryMs ?? 0, usual);
    this.#nudge = new AbortController();
    const signal = AbortSignal.any([this.#ending.signal, this.#nudge.signal]);
    for (let left = until - performance.now(); left > 0 && !signal.aborted && this.#media; left = until - performance.now()) {
      this.#say("lost", `${words}; again in ${Math.ceil(left / 1000)} s`, "warn", advice);
      await wait(Math.min(1000, left), signal);
    }
    if (!signal.aborted && this.#media) this.#say("lost", `${words}; trying again`, "warn", advice);
  }

  #say(phase, words, tone, advice = null) {
    this.state = { phase, words, tone, advice };
    this.dispatchEvent(new Event("state"));
  }
}

function explain(error) {
  if (error instanceof NoPathError) return { words: "No connection", advice: noPath() };
  if (error.name !== "ApiError") return { words: "No connection", advice: { title: "The connection broke", steps: [String(error.message || error)] } };
  const { status, message, retryMs } = error;
  // The place of a lost connection is kept for a while; until then the name is its.
  const isFinal = status >= 400 && status < 500 && ![401, 404, 408, 409, 429].includes(status);
  const words = WORDS[status] ?? "Refused";
  return { words, advice: status === 0 ? null : refused(status, message), retryMs, isFinal };
}
