/** A picture to try the agent with: coloured shapes that come, stand for a while, and go. */

const WIDTH = 640, HEIGHT = 384, PERIOD_MS = 50;
const COLOURS = ["#cd2d28", "#2da03c", "#2d50cd", "#e6cd32", "#913caf", "#3cc3cd", "#eeeeee"];
const SHAPES = ["disc", "square", "triangle", "star", "ring", "cross"];
const RADIUS = 52;

/** Starts to draw: {canvas, end}. */
export function drawScene() {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: WIDTH, height: HEIGHT });
  const context = canvas.getContext("2d"), room = paintRoom();
  const actors = [];
  let due = 0;
  const step = () => {
    const now = performance.now();
    if (now >= due && actors.length < 3) {
      actors.push(newActor(actors));
      due = now + 3500 + Math.random() * 3500;
    }
    context.drawImage(room, 0, 0);
    for (const actor of [...actors]) {
      if (move(actor)) drawShape(context, actor);
      else actors.splice(actors.indexOf(actor), 1);
    }
  };
  step();
  const timer = setInterval(step, PERIOD_MS);
  return { canvas, end: () => clearInterval(timer) };
}

function newActor(others) {
  const colours = COLOURS.filter((colour) => others.every((other) => other.colour !== colour));
  const isFromLeft = Math.random() < 0.5;
  return {
    colour: any(colours),
    shape: any(SHAPES),
    x: isFromLeft ? -RADIUS : WIDTH + RADIUS,
    y: RADIUS + Math.random() * (HEIGHT - 2 * RADIUS),
    speed: (isFromLeft ? 1 : -1) * (3.5 + Math.random() * 3),
    drift: Math.random() - 0.5,
    stopsAt: WIDTH * (0.25 + Math.random() * 0.5),
    rest: 40 + Math.random() * 50, // steps that it stands still
    turn: 0,
  };
}

function move(actor) {
  const isPast = actor.speed > 0 ? actor.x >= actor.stopsAt : actor.x <= actor.stopsAt;
  if (isPast && actor.rest > 0) actor.rest--;
  else {
    actor.x += actor.speed;
    actor.y = Math.min(HEIGHT - RADIUS, Math.max(RADIUS, actor.y + actor.drift));
  }
  return actor.x > -2 * RADIUS && actor.x < WIDTH + 2 * RADIUS;
}

function drawShape(context, { x, y, colour, shape }) {
  context.save();
  context.translate(x, y);
  context.fillStyle = colour;
  context.beginPath();
  outline(context, shape);
  context.fill("evenodd");
  context.restore();
}

function outline(context, shape) {
  if (shape === "disc" || shape === "ring") {
    context.arc(0, 0, RADIUS, 0, 2 * Math.PI);
    if (shape === "ring") context.arc(0, 0, RADIUS * 0.52, 0, 2 * Math.PI);
  } else if (shape === "square") {
    context.rect(-RADIUS * 0.8, -RADIUS * 0.8, RADIUS * 1.6, RADIUS * 1.6);
  } else if (shape === "cross") {
    const arm = RADIUS * 0.95, half = RADIUS * 0.29;
    polygon(context, [[-half, -arm], [half, -arm], [half, -half], [arm, -half], [arm, half], [half, half], [half, arm], [-half, arm], [-half, half], [-arm, half], [-arm, -half], [-half, -half]]);
  } else {
    const count = shape === "star" ? 10 : 3;
    polygon(context, Array.from({ length: count }, (_, n) => {
      const angle = -Math.PI / 2 + (n * 2 * Math.PI) / count, length = shape === "star" && n % 2 ? RADIUS * 0.42 : RADIUS;
      return [Math.cos(angle) * length, Math.sin(angle) * length];
    }));
  }
}

function polygon(context, points) {
  points.forEach(([x, y], n) => (n ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.closePath();
}

function paintRoom() {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: WIDTH, height: HEIGHT });
  const context = canvas.getContext("2d"), light = context.createLinearGradient(0, 0, WIDTH, HEIGHT);
  light.addColorStop(0, "#8d8a83");
  light.addColorStop(1, "#6f7276");
  context.fillStyle = light;
  context.fillRect(0, 0, WIDTH, HEIGHT);
  for (const [x, y, width, height, colour] of [[40, 40, 130, 90, "#7b7a75"], [430, 190, 150, 150, "#828079"], [230, 250, 110, 80, "#767a7c"]]) {
    context.fillStyle = colour;
    context.fillRect(x, y, width, height);
  }
  return canvas;
}

const any = (list) => list[Math.floor(Math.random() * list.length)];
