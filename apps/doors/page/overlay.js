/** The agent's view, drawn over a picture: where it sees things, which patches it read, what it takes them for. */

import { isCalm } from "./dom.js";

const COLUMNS = 10, ROWS = 6, FRESH_MS = 1600, GONE_MS = 4000;
const ACCENT = "95, 212, 200"; // over pictures it is the same in the dark and in the light

export class Overlay {
  #heat = Object.assign(document.createElement("canvas"), { width: COLUMNS, height: ROWS });
  #seen = { things: [], kept: [], names: [], at: -GONE_MS };
  #kept = { places: [], names: [], at: -GONE_MS };
  #frame = 0;

  /** Draws on this canvas, in the size that it has in the page. */
  constructor(canvas) {
    this.canvas = canvas;
    this.isOn = true;
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  /** A message of kind `glimpse`. */
  see({ things, kept, names }) {
    const at = performance.now();
    this.#seen = { things, at };
    if (kept.length) this.#kept = { places: kept, names, at };
    this.#paintHeat(things);
    this.draw();
  }

  show(isOn) {
    this.isOn = isOn;
    this.draw();
  }

  /** What it sees, in words. */
  get words() {
    return [...new Set(this.#kept.names)].join(", ");
  }

  draw() {
    cancelAnimationFrame(this.#frame);
    const { canvas } = this, context = canvas.getContext("2d"), ratio = devicePixelRatio;
    const width = canvas.clientWidth, height = canvas.clientHeight;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    if (!this.isOn || !width) return;
    const now = performance.now();
    context.globalAlpha = fade(now - this.#seen.at, GONE_MS, GONE_MS * 2);
    context.drawImage(this.#heat, 0, 0, width, height);
    context.globalAlpha = fade(now - this.#kept.at, FRESH_MS, GONE_MS);
    if (context.globalAlpha > 0) this.#outline(context, width / COLUMNS, height / ROWS);
    context.globalAlpha = 1;
    const isMoving = now - this.#kept.at < GONE_MS || now - this.#seen.at < GONE_MS * 2;
    if (isMoving) this.#frame = isCalm() ? 0 : requestAnimationFrame(() => this.draw());
    if (isMoving && isCalm()) setTimeout(() => performance.now() - this.#kept.at >= GONE_MS && this.draw(), GONE_MS + 50);
  }

  #paintHeat(things) {
    const context = this.#heat.getContext("2d"), image = context.createImageData(COLUMNS, ROWS);
    const [red, green, blue] = ACCENT.split(",").map(Number);
    things.forEach((probability, n) => image.data.set([red, green, blue, 150 * probability ** 1.5], n * 4));
    context.putImageData(image, 0, 0);
  }

  #outline(context, width, height) {
    const groups = groupsOf(this.#kept.places, this.#kept.names);
    for (const [colour, size] of [["rgba(0, 0, 0, .5)", 5], [`rgb(${ACCENT})`, 2.25]]) {
      Object.assign(context, { strokeStyle: colour, lineWidth: size, lineCap: "round", lineJoin: "round" });
      context.beginPath();
      for (const { places } of groups) for (const place of places) edges(context, place, places, width, height);
      context.stroke();
    }
    const taken = []; // by names that stand already: the largest groups have theirs first
    groups.sort((a, b) => b.places.size - a.places.size);
    for (const group of groups) label(context, group, width, height, taken);
  }
}

/** Patches side by side with one name, as one: {name, places}. */
export function groupsOf(places, names) {
  const left = new Map(places.map((place, n) => [place, names[n] ?? ""]));
  const groups = [];
  for (const [first, name] of left) {
    if (!left.delete(first)) continue;
    const group = { name, places: new Set([first]) };
    for (const place of group.places) {
      for (const next of neighbours(place)) if (left.get(next) === name && left.delete(next)) group.places.add(next);
    }
    groups.push(group);
  }
  return groups;
}

function neighbours(place) {
  const column = place % COLUMNS;
  return [place - COLUMNS, place + COLUMNS, column > 0 ? place - 1 : -1, column < COLUMNS - 1 ? place + 1 : -1];
}

function edges(context, place, places, width, height) {
  const column = place % COLUMNS, row = Math.floor(place / COLUMNS);
  const [above, below, before, after] = neighbours(place);
  const x = column * width, y = row * height, inset = 1.5;
  const left = column === 0 ? x + inset : x, right = column === COLUMNS - 1 ? x + width - inset : x + width;
  const top = row === 0 ? y + inset : y, bottom = row === ROWS - 1 ? y + height - inset : y + height;
  const line = (x1, y1, x2, y2) => (context.moveTo(x1, y1), context.lineTo(x2, y2));
  if (!places.has(above)) line(left, top, right, top);
  if (!places.has(below)) line(left, bottom, right, bottom);
  if (!places.has(before)) line(left, top, left, bottom);
  if (!places.has(after)) line(right, top, right, bottom);
}

function label(context, { name, places }, width, height, taken) {
  if (!name) return;
  const size = Math.max(11, Math.min(15, height / 4)), high = size + 8, first = Math.min(...places), last = Math.max(...places);
  context.font = `600 ${size}px system-ui, sans-serif`;
  const wide = context.measureText(name).width + 10, right = COLUMNS * width - wide - 4;
  const left = Math.max(4, Math.min((first % COLUMNS) * width, right));
  const rows = [Math.floor(first / COLUMNS) * height - high - 5, Math.floor(last / COLUMNS + 1) * height + 5];
  // Above its patches or below them, where no other name stands; with no room for it the glow and the frame must do.
  const isFree = (y) => y > 2 && y + high < ROWS * height && taken.every((box) => left > box.right || left + wide < box.left || y > box.bottom || y + high < box.top);
  const y = rows.find(isFree);
  if (y === undefined) return;
  taken.push({ left, right: left + wide, top: y, bottom: y + high });
  context.fillStyle = "rgba(5, 8, 10, .78)";
  context.beginPath();
  context.roundRect(left, y, wide, high, 5);
  context.fill();
  context.fillStyle = "#f2f6f7";
  context.textBaseline = "middle";
  context.fillText(name, left + 5, y + high / 2 + 0.5);
}

const fade = (age, from, to) => Math.max(0, Math.min(1, (to - age) / (to - from)));
