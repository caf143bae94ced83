/** The token: taken out of the address, or asked for; the server gives a cookie for it. */

import { ApiError, login, onLocked } from "./api.js";
import { byId } from "./dom.js";

/** Use the token of the address (`#token=...`) if there is one, and ask for it whenever the server wants it. */
export async function openLock() {
  onLocked(ask);
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return;
  history.replaceState(null, "", location.pathname + location.search); // not to be seen, copied or kept in the history
  await login(token).catch(() => false);
}

function ask() {
  const dialog = byId("lock-dialog"), form = byId("lock-form"), field = byId("token"), error = byId("lock-error");
  error.textContent = "";
  if (!dialog.open) dialog.showModal();
  dialog.oncancel = (event) => event.preventDefault(); // without the token there is nothing behind it
  return new Promise((resolve) => {
    form.onsubmit = async (event) => {
      event.preventDefault();
      const message = await tryToken(field.value.trim());
      error.textContent = message;
      if (message) return field.select();
      field.value = "";
      dialog.close();
      resolve(true);
    };
  });
}

async function tryToken(token) {
  try {
    return (await login(token)) ? "" : "That is not the token. Copy it anew from where agent serve was started.";
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return error.status === 0 ? "The agent does not answer; try again in a moment." : error.message || "The agent refused; try again in a moment.";
  }
}
