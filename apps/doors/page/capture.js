/** Where pictures come from in a browser: cameras, the screen, files, a picture drawn here. */

import { drawScene } from "./scene.js";

const PICTURE = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
const SOUND = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/** A camera, with sound if wanted and possible: {stream, note}. Raises DOMException, `InsecureError` without HTTPS. */
export async function openCamera({ deviceId, withSound }) {
  needMediaDevices();
  const video = { ...PICTURE, ...(deviceId ? { deviceId: { exact: deviceId } } : {}) };
  if (!withSound) return { stream: await navigator.mediaDevices.getUserMedia({ video }), note: "" };
  try {
    return { stream: await navigator.mediaDevices.getUserMedia({ video, audio: SOUND }), note: "" };
  } catch (error) {
    // A missing or forbidden microphone is no reason to go without the picture.
    const stream = await navigator.mediaDevices.getUserMedia({ video }).catch(() => Promise.reject(error));
    return { stream, note: "no microphone" };
  }
}

/** A screen, a window or a tab. Raises DOMException. */
export async function openScreen({ withSound }) {
  needMediaDevices();
  if (!navigator.mediaDevices.getDisplayMedia) {
    throw Object.assign(new Error("this browser cannot share the screen"), { name: "NotSupportedError" });
  }
  const stream = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { ideal: 15 } }, audio: withSound });
  for (const track of stream.getVideoTracks()) track.contentHint = "detail";
  return { stream, note: "" };
}

/** A video file, played in a loop. Raises an Error where the browser cannot play it. */
export async function openFile({ file, withSound }) {
  const player = document.createElement("video");
  Object.assign(player, { src: URL.createObjectURL(file), loop: true, playsInline: true, muted: true });
  const end = () => (player.pause(), URL.revokeObjectURL(player.src), player.removeAttribute("src"));
  try {
    await player.play();
  } catch (error) {
    end();
    throw error;
  }
  const capture = player.captureStream ?? player.mozCaptureStream;
  const stream = capture ? capture.call(player) : copyOf(player);
  if (!withSound) for (const track of stream.getAudioTracks()) (track.stop(), stream.removeTrack(track));
  return { stream, note: "", end };
}

/** A picture drawn in the browser, in which shapes come and go. */
export async function openTest() {
  const { canvas, end } = drawScene();
  return { stream: canvas.captureStream(20), note: "", end };
}

/** Whether the page may ask for cameras at all. */
export const canCapture = () => window.isSecureContext && Boolean(navigator.mediaDevices?.getUserMedia);

function needMediaDevices() {
  if (!canCapture()) throw Object.assign(new Error("not a secure page"), { name: "InsecureError" });
}

function copyOf(player) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.min(640, player.videoWidth || 640);
  canvas.height = Math.round((canvas.width * (player.videoHeight || 360)) / (player.videoWidth || 640));
  const context = canvas.getContext("2d");
  const timer = setInterval(() => {
    if (!player.src) return clearInterval(timer);
    context.drawImage(player, 0, 0, canvas.width, canvas.height);
  }, 50);
  return canvas.captureStream(20);
}
