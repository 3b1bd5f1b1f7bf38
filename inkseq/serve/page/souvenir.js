// What a game leaves: its drawings, what was known and how fast, as one picture, square where there are six.

import { extent, paint } from "./ink.js";

const SIDE = 340, GAP = 36, COLUMNS = 3, HEAD = 230, LABEL = 104, LINE = 6, WIDTH = COLUMNS * (SIDE + GAP) + GAP;
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';

export function souvenir(played, after) {
  const rows = Math.ceil(played.length / COLUMNS);
  const canvas = new OffscreenCanvas(WIDTH, HEAD + rows * (SIDE + LABEL) + GAP), context = canvas.getContext("2d");
  context.fillStyle = "#f6f7f9";
  context.fillRect(0, 0, canvas.width, canvas.height);
  write(context, `${played.filter((one) => one.known).length} of my ${played.length} drawings known`, GAP, 104, "700 58px", "#1b1f26");
  write(context, after, GAP, 166, "400 32px", "#555c68");
  context.textAlign = "right";
  write(context, "inkseq", WIDTH - GAP, 104, "700 44px", "#7b2cbf");
  played.forEach((one, i) => card(context, one, GAP + (i % COLUMNS) * (SIDE + GAP), HEAD + Math.floor(i / COLUMNS) * (SIDE + LABEL)));
  return canvas;
}

function card(context, { word, known, seconds, strokes }, left, top) {
  context.fillStyle = "#fff";
  context.strokeStyle = "#c8ced8";
  context.lineWidth = 2;
  context.beginPath();
  context.roundRect(left, top, SIDE, SIDE, 18);
  context.fill();
  context.stroke();
  if (strokes.length) draw(context, strokes, left, top);
  const time = known ? `${seconds.toFixed(1)} s` : "not known";
  context.textAlign = "right";
  const taken = write(context, time, left + SIDE, top + SIDE + 46, "400 28px", known ? "#1f7a36" : "#c02626");
  context.textAlign = "left";
  write(context, word, left, top + SIDE + 46, "650 30px", "#1b1f26", SIDE - taken - 16);
}

function draw(context, strokes, left, top) {
  const [x, y, width, height] = extent(strokes), side = Math.max(width, height, 1), scale = (SIDE - 60) / side;
  context.save();
  context.translate(left + SIDE / 2 - scale * (x + width / 2), top + SIDE / 2 - scale * (y + height / 2));
  context.scale(scale, scale);
  paint(context, strokes, { width: LINE / scale });
  context.restore();
}

// A line of text, made narrow where there is little room; how wide it is.
function write(context, text, x, y, font, color, room = WIDTH - 2 * GAP) {
  context.font = `${font} ${FONT}`;
  context.fillStyle = color;
  const said = text.length > 60 ? `${text.slice(0, 59)}…` : text;
  context.fillText(said, x, y, room);
  return Math.min(room, context.measureText(said).width);
}
