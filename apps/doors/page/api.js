/** Requests to the agent; asks for the token when one is wanted, and says in words what was refused. */

export class ApiError extends Error {
  /** `status` is that of HTTP, 0 where nobody answered; `retryMs` is what the server asks to wait, or null. */
  constructor(status, message, retryMs = null) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.retryMs = retryMs;
  }
}

let unlock = async () => false;

/** `ask` shows the token field and resolves to true when the server took the token. */
export function onLocked(ask) {
  let asking = null;
  unlock = () => (asking ??= ask().finally(() => (asking = null)));
}

/** Wait for the token to be given. */
export const unlocked = () => unlock();

/** A request; resolves to the Response if it is a good one. Raises ApiError. A 401 asks for the token, once. */
export async function request(method, path, { body, headers = {}, keepalive = false, signal } = {}) {
  const send = () => fetch(path, { method, body, headers, keepalive, signal, credentials: "same-origin", cache: "no-store" });
  let response;
  try {
    response = await send();
    if (response.status === 401 && !keepalive && (await unlock())) response = await send();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "the agent does not answer");
  }
  if (!response.ok) throw new ApiError(response.status, await sentence(response), retryMs(response));
  return response;
}

/** JSON in, JSON out (null where there is none). Raises ApiError. */
export async function json(method, path, value) {
  const body = value === undefined ? undefined : JSON.stringify(value);
  const headers = body === undefined ? {} : { "content-type": "application/json" };
  const response = await request(method, path, { body, headers });
  const text = await response.text();
  return text ? JSON.parse(text) : null;
}

/** Trade the token for a cookie. False for a wrong one; raises ApiError for anything else. */
export async function login(token) {
  let response;
  try {
    response = await fetch("/login", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token }),
      credentials: "same-origin",
    });
  } catch {
    throw new ApiError(0, "the agent does not answer");
  }
  if (response.status === 401) return false;
  if (!response.ok) throw new ApiError(response.status, await sentence(response), retryMs(response));
  return true;
}

async function sentence(response) {
  const text = await response.text().catch(() => "");
  try {
    const value = JSON.parse(text);
    const said = value.error?.message ?? value.error ?? value.detail ?? value.message;
    return typeof said === "string" ? said : Array.isArray(said) && said[0]?.msg ? said[0].msg : "";
  } catch {
    return text.length < 300 && !text.includes("<") ? text : "";
  }
}

function retryMs(response) {
  const seconds = Number(response.headers.get("retry-after"));
  return seconds > 0 ? seconds * 1000 : null;
}
