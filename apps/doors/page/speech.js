/** Voices: the agent's answers spoken by the browser, and questions asked aloud. */

import { byId, settings } from "./dom.js";

/** Speaks when switched on. */
export class Speaker {
  #button = byId("speak");
  #isOn = settings.get("speak", false);

  constructor() {
    this.#button.hidden = !window.speechSynthesis;
    this.#button.addEventListener("click", () => this.toggle());
    this.#show();
  }

  toggle() {
    if (!window.speechSynthesis) return;
    this.#isOn = !this.#isOn;
    settings.set("speak", this.#isOn);
    this.hush();
    if (this.#isOn) this.say("I will speak.");
    this.#show();
  }

  /** Say it after what is being said. */
  say(text) {
    if (!this.#isOn) return;
    const words = Object.assign(new SpeechSynthesisUtterance(text), { lang: "en" });
    speechSynthesis.speak(words);
  }

  /** A person speaks: be silent at once. */
  hush() {
    window.speechSynthesis?.cancel();
  }

  #show() {
    this.#button.setAttribute("aria-pressed", this.#isOn);
  }
}

const TROUBLES = {
  "not-allowed": "The microphone is blocked for this page: click the icon left of the address and allow it.",
  "service-not-allowed": "The browser's speech recognition is switched off; type instead.",
  "audio-capture": "No microphone was found: plug one in, or type.",
  "no-speech": "Nothing was heard. Press the microphone and speak; or type.",
  network: "The browser's speech recognition needs a network that it does not have now; type instead.",
  "language-not-supported": "The browser's speech recognition knows no English; type instead.",
};

/** Dispatches `begin`, `words` (so far), `asked` (the whole question) and `trouble` (a sentence). */
export class Listener extends EventTarget {
  #button = byId("voice");
  #recognition = null;

  constructor() {
    super();
    const Recognition = window.SpeechRecognition ?? window.webkitSpeechRecognition;
    if (!Recognition) return this.#absent();
    this.#button.hidden = false;
    this.#button.addEventListener("click", () => this.toggle());
    this.#recognition = Object.assign(new Recognition(), { lang: "en-US", interimResults: true, continuous: false });
    this.#hear(this.#recognition, Recognition);
  }

  get isThere() {
    return this.#recognition !== null;
  }

  toggle() {
    if (!this.#recognition) return;
    if (this.isHearing) this.#recognition.stop();
    else {
      try {
        this.#recognition.start();
      } catch {
        // It has been started a moment ago.
      }
    }
  }

  #hear(recognition, Recognition) {
    let heard = "";
    recognition.onstart = () => ((heard = ""), this.#show(true), this.#tell("begin"));
    recognition.onresult = ({ results }) => {
      heard = Array.from(results, (result) => result[0].transcript).join(" ").trim();
      this.#tell("words", heard);
    };
    recognition.onerror = ({ error }) => error !== "aborted" && this.#tell("trouble", TROUBLES[error] ?? `Speech recognition failed (${error}); type instead.`);
    recognition.onend = () => {
      this.#show(false);
      if (heard) this.#tell("asked", heard);
    };
    preferLocal(recognition, Recognition);
    byId("voice-help").textContent = "The microphone button asks aloud. It uses your browser's speech recognition, which in some browsers sends the sound to their maker; typing never does.";
  }

  #show(isHearing) {
    this.isHearing = isHearing;
    this.#button.setAttribute("aria-pressed", isHearing);
    this.#button.classList.toggle("is-hot", isHearing);
    this.#button.setAttribute("aria-label", isHearing ? "Stop listening" : "Ask by voice");
  }

  #tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }

  #absent() {
    const why = "Asking by voice needs a browser with speech recognition, such as Chrome, Edge or Safari";
    this.#button.remove();
    byId("ask").title = why;
    byId("voice-help").textContent = `${why}.`;
  }
}

async function preferLocal(recognition, Recognition) {
  const found = await Recognition.available?.({ langs: ["en-US"], processLocally: true }).catch(() => "");
  if (found === "available") recognition.processLocally = true;
}
