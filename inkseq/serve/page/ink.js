// Strokes as lines: on a canvas, and as a small picture.

const WIDTH = 9, COLORS = 12;  // of a line, on paper of 1000
export const ink = (i, n) => {  // from the first stroke, dark, to the last, light: as everywhere in inkseq
  const stops = ["#0d0887", "#3b049a", "#5c01a6", "#7e03a8", "#9c179e", "#b52f8c", "#cc4778", "#de5f65", "#ed7953", "#f89540", "#fdb42f", "#fdb42f"];
  return stops[Math.round((i * (COLORS - 1)) / Math.max(n - 1, 1))];
};

// Each stroke in its own colour; or point by point, where `color(stroke, point)` or the widths differ.
export function paint(context, strokes, { color, widths = [], width = WIDTH }) {
  context.lineCap = context.lineJoin = "round";
  strokes.forEach(([xs, ys], i) => {
    context.strokeStyle = ink(i, strokes.length);
    context.lineWidth = width;
    if (!color && !widths[i]) return trace(context, xs, ys, 0, xs.length - 1);
    for (let k = 0; k < xs.length; k++) {
      if (color) context.strokeStyle = color(i, k);
      if (widths[i]) context.lineWidth = width * widths[i][k];
      trace(context, xs, ys, Math.max(0, k - 1), k);
    }
  });
}

function trace(context, xs, ys, from, to) {
  context.beginPath();
  context.moveTo(xs[from], ys[from]);
  for (let k = from + 1; k <= to; k++) context.lineTo(xs[k], ys[k]);
  context.lineTo(xs[to] + 0.01, ys[to]);  // a canvas shows nothing of a line without length, which a dot is
  context.stroke();
}

export const wayOf = (strokes) => strokes.reduce((sum, [xs, ys]) => sum + xs.slice(1).reduce((way, x, k) => way + Math.hypot(x - xs[k], ys[k + 1] - ys[k]), 0), 0);

// As much of a drawing as the pen has drawn after so long a way.
export function upTo(strokes, way) {
  const shown = [];
  for (const [xs, ys] of strokes) {
    const line = [[xs[0]], [ys[0]]];
    for (let k = 1; k < xs.length && way > 0; k++) {
      const dx = xs[k] - xs[k - 1], dy = ys[k] - ys[k - 1], length = Math.hypot(dx, dy), share = length ? Math.min(1, way / length) : 1;
      line[0].push(xs[k - 1] + share * dx);
      line[1].push(ys[k - 1] + share * dy);
      way -= length;
    }
    shown.push(line);
    if (way <= 0) break;
  }
  return shown;
}

// Where a drawing lies: its left, its top, its width and its height.
export function extent(strokes) {
  const xs = strokes.flatMap((stroke) => stroke[0]), ys = strokes.flatMap((stroke) => stroke[1]);
  const least = (values) => values.reduce((a, b) => Math.min(a, b), Infinity), most = (values) => values.reduce((a, b) => Math.max(a, b), -Infinity);
  return [least(xs), least(ys), most(xs) - least(xs), most(ys) - least(ys)];
}

const SVG = "http://www.w3.org/2000/svg";

// A drawing as a small picture; `color(stroke, point)` may give each step its own.
export function picture(strokes, label, color) {
  const [left, top, width, height] = extent(strokes), side = Math.max(width, height, 1);
  const at = (x, y) => `${((255 * (x - left + (side - width) / 2)) / side).toFixed(1)} ${((255 * (y - top + (side - height) / 2)) / side).toFixed(1)}`;
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "-8 -8 271 271");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  strokes.forEach(([sx, sy], i) => {
    const whole = sx.map((x, k) => at(x, sy[k]));
    const parts = color ? whole.map((_, k) => [whole.slice(Math.max(k - 1, 0), k + 1), color(i, k)]) : [[whole, ink(i, strokes.length)]];
    for (const [points, stroke] of parts) {
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("d", `M${points.join("L")}${points.length === 1 ? "l0 0" : ""}`);
      path.setAttribute("stroke", stroke);
      svg.append(path);
    }
  });
  return svg;
}
