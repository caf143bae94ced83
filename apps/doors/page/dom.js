/** Small helpers for the document: find, make, remember. */

/** The element with this id. */
export const byId = (id) => document.getElementById(id);

/** A new element: `make("p", {class: "small", title: "..."}, "text", child)`. Functions become listeners. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

/** An icon of the sprite in index.html. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** What to do, as a title and a list. `advice` is {title, steps}, see words.js. */
export function advise(advice) {
  const steps = make("ul", { class: "advice" }, ...advice.steps.map((step) => make("li", {}, step)));
  return [make("h3", {}, advice.title), ...(advice.steps.length ? [steps] : [])];
}

/** Whether the person asked for less motion. */
export const isCalm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** A setting that outlives the page; nothing breaks where storage is forbidden. */
export const settings = {
  get(name, fallback) {
    try {
      return JSON.parse(localStorage.getItem(`millrace.${name}`)) ?? fallback;
    } catch {
      return fallback;
    }
  },
  set(name, value) {
    try {
      localStorage.setItem(`millrace.${name}`, JSON.stringify(value));
    } catch {
      // Private windows may forbid it: the setting then lasts as long as the page.
    }
  },
};

/** Resolves after so many milliseconds, or as soon as `signal` aborts. */
export function wait(milliseconds, signal) {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
