/** One WHIP session (RFC 9725): sends a stream, tells its state, ends cleanly. */

import { ApiError, request } from "./api.js";
import { answerClock } from "./clocks.js";

const GATHER_MS = 800; // what is found later follows by PATCH
const CONNECT_MS = 12000;
const GRACE_MS = 4000; // a connection often comes back from "disconnected" by itself
const MAX_BITRATE = 1_200_000, MAX_FPS = 15, WIDTH_READ = 640; // the agent takes at most 15 pictures a second, of 640x384

export class NoPathError extends Error {
  constructor() {
    super("no path for the picture");
    this.name = "NoPathError";
  }
}

export class WhipSession {
  #path;
  #location = null;
  #etag = null;
  #late = [];
  #end;
  #timer = 0;

  /** A session for this stream under this camera's name. */
  constructor(name, stream) {
    this.#path = `/whip/${encodeURIComponent(name)}`;
    this.stream = stream;
    this.over = new Promise((resolve) => (this.#end = resolve)); // when the connection is lost or closed
  }

  /** Connect. Raises ApiError when refused, NoPathError when no packet finds a way. */
  async open() {
    const peer = (this.peer = new RTCPeerConnection({ iceServers: await iceServers(this.#path), bundlePolicy: "max-bundle" }));
    answerClock(peer.createDataChannel("capture", { ordered: false, maxRetransmits: 0 }));
    const connected = this.#watch(peer);
    peer.onicecandidate = ({ candidate }) => this.#trickle(candidate);
    for (const track of this.stream.getTracks()) this.#send(track);
    await peer.setLocalDescription();
    await gathered(peer);
    const offered = peer.localDescription.sdp;
    const response = await request("POST", this.#path, { body: offered, headers: { "content-type": "application/sdp" } });
    this.#location = new URL(response.headers.get("location"), location.href).pathname;
    this.#etag = response.headers.get("etag");
    remember(this.#location);
    const told = parseLinks(response.headers.get("link") ?? "");
    if (told.length) servers = told; // for the next attempt, where OPTIONS told of none
    await peer.setRemoteDescription({ type: "answer", sdp: await response.text() });
    this.#late = this.#late.filter((candidate) => !offered.includes(candidate.candidate));
    this.#flush();
    await connected;
  }

  /** End; the server is told even when the page is going away. */
  close() {
    clearTimeout(this.#timer);
    this.peer?.close();
    const path = this.#location;
    this.#location = null;
    this.#end();
    if (!path) return;
    forget(path);
    request("DELETE", path, { keepalive: true }).catch(() => {}); // gone already, or the server is
  }

  /** Whether pictures flow now. */
  get isLive() {
    return this.peer?.connectionState === "connected";
  }

  #send(track) {
    const init = { direction: "sendonly", streams: [this.stream] };
    if (track.kind === "video") {
      const scale = Math.max(1, (track.getSettings().width ?? WIDTH_READ) / WIDTH_READ);
      init.sendEncodings = [{ maxBitrate: MAX_BITRATE, maxFramerate: MAX_FPS, scaleResolutionDownBy: scale }];
    }
    this.peer.addTransceiver(track, init);
  }

  #watch(peer) {
    return new Promise((resolve, reject) => {
      const fail = () => (reject(new NoPathError()), this.#end());
      this.#timer = setTimeout(fail, CONNECT_MS);
      peer.onconnectionstatechange = () => {
        clearTimeout(this.#timer);
        if (peer.connectionState === "connected") resolve();
        else if (peer.connectionState === "failed" || peer.connectionState === "closed") fail();
        else this.#timer = setTimeout(fail, peer.connectionState === "disconnected" ? GRACE_MS : CONNECT_MS);
      };
    });
  }

  #trickle(candidate) {
    if (candidate?.candidate) this.#late.push(candidate);
    if (this.#location) this.#flush();
  }

  #flush() {
    const candidates = this.#late.splice(0);
    if (!candidates.length) return;
    const headers = { "content-type": "application/trickle-ice-sdpfrag", ...(this.#etag ? { "if-match": this.#etag } : {}) };
    const body = fragment(this.peer.localDescription.sdp, candidates);
    request("PATCH", this.#location, { body, headers }).catch(() => {}); // a server without trickle answers 405; that is fine
  }
}

/** End sessions that an earlier life of this tab left behind, so that their cameras' names are free. */
export function endLeftovers() {
  for (const path of remembered()) request("DELETE", path, { keepalive: true }).catch(() => {});
  keep([]);
}

function fragment(sdp, candidates) {
  const line = (name) => sdp.match(new RegExp(`^a=${name}:.*$`, "m"))?.[0];
  const head = [line("ice-ufrag"), line("ice-pwd")];
  const media = sdp.match(/^m=.*$/m)?.[0];
  const body = candidates.map((candidate) => `a=${candidate.candidate}`);
  return [...head, media, `a=mid:${candidates[0].sdpMid}`, ...body, ""].filter((each) => each !== undefined).join("\r\n");
}

function gathered(peer) {
  return new Promise((resolve) => {
    if (peer.iceGatheringState === "complete") return resolve();
    const timer = setTimeout(resolve, GATHER_MS);
    peer.addEventListener("icegatheringstatechange", () => {
      if (peer.iceGatheringState === "complete") (clearTimeout(timer), resolve());
    });
  });
}

let servers = null;

async function iceServers(path) {
  if (servers) return servers;
  try {
    servers = parseLinks((await request("OPTIONS", path)).headers.get("link") ?? "");
  } catch (error) {
    if (error instanceof ApiError && error.status === 0) throw error;
    servers = [];
  }
  return servers;
}

/** The ICE servers of `Link` headers: `<stun:host:3478>; rel="ice-server"; username="u"; credential="c"`. */
export function parseLinks(header) {
  return header
    .split(/,\s*(?=<)/)
    .filter((link) => /rel="?ice-server"?/.test(link))
    .map((link) => {
      const value = (name) => link.match(new RegExp(`${name}="([^"]*)"`))?.[1];
      return { urls: link.match(/<([^>]*)>/)[1], username: value("username"), credential: value("credential") };
    });
}

const KEY = "millrace.sessions"; // of this tab alone: a session's address is its key

function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY)) ?? [];
  } catch {
    return [];
  }
}

function keep(paths) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(paths));
  } catch {
    // Without storage the server notices by itself that the session is over, a little later.
  }
}

const remember = (path) => keep([...remembered(), path]);
const forget = (path) => keep(remembered().filter((each) => each !== path));
