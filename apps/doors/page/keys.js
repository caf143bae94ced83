/** Single keys for what is used most; they can be switched off, and never act while a person types. */

import { byId, make, settings } from "./dom.js";

/** `keys` is a list of [key, what it does, function]. */
export function listenForKeys(keys) {
  const shown = keys.flatMap(([key, words]) => [make("dt", {}, make("kbd", {}, key.toUpperCase())), make("dd", {}, words)]);
  byId("shortcuts").replaceChildren(...shown);
  const isUsed = byId("use-shortcuts");
  isUsed.checked = settings.get("shortcuts", true);
  isUsed.addEventListener("change", () => settings.set("shortcuts", isUsed.checked));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event.target)) return;
    if (document.querySelector("dialog[open]") || (!isUsed.checked && event.key !== "?")) return;
    const found = keys.find(([key]) => key === event.key.toLowerCase());
    if (!found) return;
    event.preventDefault();
    found[2]();
  });
}

/** Buttons with `data-close` close their dialog, as does a click beside it. */
export function closeDialogs() {
  for (const dialog of document.querySelectorAll("dialog:not(#lock-dialog)")) {
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
    });
  }
}

function isTyping(target) {
  return target.isContentEditable || (/^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && !/^(?:range|checkbox)$/.test(target.type));
}
