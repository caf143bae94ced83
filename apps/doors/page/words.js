/** What went wrong, and what a person can do about it, in words. Every advice is {title, steps}. */

const isApple = /iPhone|iPad|Macintosh/.test(navigator.userAgent);
const isPhone = /iPhone|iPad|Android/.test(navigator.userAgent);

/** The page has no secure address, so that browsers keep cameras from it. */
export function insecure() {
  const port = location.port ? `:${location.port}` : "";
  return {
    title: "The browser gives cameras only to secure pages",
    steps: [
      `On the machine that runs the agent, open http://localhost${port} instead of ${location.host}.`,
      "For phones and other machines, start it with a certificate: agent serve --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem, and open the https address.",
      "Without a camera the test picture and video files still work.",
    ],
  };
}

const blocked = () => ({
  title: "The camera is blocked for this page",
  steps: [
    isPhone && isApple
      ? "In the address field tap the page menu, then Website Settings, and allow Camera and Microphone."
      : "Click the icon left of the address, and allow Camera and Microphone there.",
    "Then press Try again. Some browsers want the page to be reloaded first.",
  ],
});

const blockedBySystem = () => ({
  title: "The system keeps the camera from this browser",
  steps: [
    isApple
      ? "System Settings, Privacy & Security, Camera: switch this browser on."
      : "In the system's privacy settings let desktop apps, and this browser, use the camera.",
    "Then press Try again; the browser may have to be restarted.",
  ],
});

const CAMERA_TROUBLES = {
  NotFoundError: () => ({
    title: "No camera was found",
    steps: [
      "Plug one in, or switch it on: some laptops have a shutter or a key for it.",
      "A phone can be the camera: open this page there.",
      "Meanwhile the test picture, the screen or a video file work as well.",
    ],
  }),
  NotReadableError: () => ({
    title: "The camera is in use by another program",
    steps: [
      "Close other programs and tabs that show this camera (calls, OBS, a camera app).",
      "Pull its plug and put it back if nothing shows it.",
      "Then press Try again.",
    ],
  }),
  OverconstrainedError: () => ({
    title: "That camera is gone",
    steps: ["Choose another one under Add a camera."],
  }),
  AbortError: () => CAMERA_TROUBLES.NotReadableError(),
};

/** What `getUserMedia`, `getDisplayMedia` or a file threw. `kind` is camera, screen, file or test. */
export function noMedia(error, kind) {
  if (kind === "screen" && error.name === "NotAllowedError") {
    return { title: "Nothing was shared", steps: ["Press Try again and choose a screen, a window or a tab."] };
  }
  if (kind === "file") {
    return {
      title: "This file cannot be played here",
      steps: ["Browsers play MP4 (H.264) and WebM.", "Or give it to the agent itself: agent serve plays files that millrace.toml names."],
    };
  }
  if (error.name === "InsecureError") return insecure();
  if (error.name === "NotAllowedError" || error.name === "SecurityError") {
    return /system/i.test(error.message) ? blockedBySystem() : blocked();
  }
  const known = CAMERA_TROUBLES[error.name];
  return known ? known() : { title: "The camera did not start", steps: [`The browser says: ${error.message || error.name}`] };
}

/** A camera that was there and is not any more. */
export const unplugged = () => ({
  title: "The camera went away",
  steps: ["It was unplugged, switched off, or taken by another program.", "It starts by itself when it is back; or press Try again."],
});

/** The pictures found no way to the agent, though the page did. */
export function noPath() {
  return {
    title: "The picture finds no way to the agent",
    steps: [
      "The page itself came through, so the agent runs. What is blocked is most likely UDP, which live video uses.",
      "Switch a VPN off for a moment, or try another network: guest and company networks often block UDP.",
      "A firewall on the agent's machine must let its UDP ports in; in a container they must be published. agent doctor checks them.",
      "It goes on trying by itself.",
    ],
  };
}

/** This browser cannot send video. */
export const noWebRtc = () => ({
  title: "This browser cannot send live video",
  steps: ["WebRTC is missing or switched off. Try a current Chrome, Edge, Firefox or Safari."],
});

/** What the server refused, by HTTP status; `message` is its own sentence. */
export function refused(status, message) {
  const said = message ? [capitalised(message)] : [];
  if (status === 0) {
    return { title: "The agent does not answer", steps: ["It may have been stopped, or the network is gone.", "The page connects again by itself."] };
  }
  if (status === 401) return { title: "The token is wrong", steps: [...said, "It was printed where agent serve was started."] };
  if (status === 403) return { title: "The agent does not trust this address", steps: [...said, "Open the page by the address that agent serve printed."] };
  if (status === 409) {
    return { title: "The name is taken", steps: [...said, "If that was this camera a moment ago, it takes its place again by itself.", "Else end it here and start it under another name."] };
  }
  if (status === 503 && /process/.test(message)) {
    return { title: "The agent is getting ready for video", steps: [...said, "It takes a few seconds; this camera then comes in by itself."] };
  }
  if (status === 503) {
    return { title: "There is no free place", steps: [...said, "End a camera that is not needed; this one then comes in by itself."] };
  }
  if (status === 429) return { title: "Too many at once", steps: [...said, "It tries again by itself in a moment."] };
  return { title: "The agent refused", steps: said.length ? said : [`HTTP status ${status}`] };
}

function capitalised(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
