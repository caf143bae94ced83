/** The agent's own picture: all its cameras as it sees them, received by WHEP. */

import { request } from "./api.js";
import { byId, icon, make } from "./dom.js";

let current = null;

/** Show it, or take it away; `onChange` is called when it came or went. Raises ApiError. */
export async function toggleAgentPicture(onChange) {
  if (current) return current.end();
  const video = Object.assign(document.createElement("video"), { autoplay: true, muted: true, playsInline: true });
  video.setAttribute("aria-label", "The agent's own picture");
  const end = make("button", { class: "button square", type: "button", "aria-label": "End the agent's own picture", title: "End", click: () => current?.end() }, icon("close"));
  const figure = make("figure", { class: "tile" }, video, make("div", { class: "tools" }, end));
  const element = make("li", { class: "cell" }, figure);
  video.addEventListener("resize", () => video.videoWidth && figure.style.setProperty("--ratio", video.videoWidth / video.videoHeight));
  const peer = new RTCPeerConnection();
  current = { end: () => undefined };
  peer.addTransceiver("video", { direction: "recvonly" });
  peer.ontrack = ({ track }) => (video.srcObject = new MediaStream([track]));
  await peer.setLocalDescription();
  try {
    const response = await request("POST", "/whep", { body: peer.localDescription.sdp, headers: { "content-type": "application/sdp" } });
    const path = new URL(response.headers.get("location"), location.href).pathname;
    await peer.setRemoteDescription({ type: "answer", sdp: await response.text() });
    const close = () => {
      current = null;
      peer.close();
      element.remove();
      onChange();
      request("DELETE", path, { keepalive: true }).catch(() => {});
    };
    current = { end: close };
    peer.onconnectionstatechange = () => peer.connectionState === "failed" && close();
    addEventListener("pagehide", close, { once: true });
    byId("tiles").append(element);
    onChange();
  } catch (error) {
    current = null;
    peer.close();
    throw error;
  }
}
