// Any strokes -> canonical points, number for number as inkseq/drawings/simplify.py makes them: tests hold one against
// the other. For the page that recognises without a server.

const CANVAS = 255, EPSILON = 2;
const distance = (dx, dy) => Math.sqrt(dx * dx + dy * dy);

// Flat points (x, y by turns) and pen, 1 on the last point of each stroke.
export function canonical(strokes) {
  const xs = strokes.flatMap((stroke) => stroke[0]), ys = strokes.flatMap((stroke) => stroke[1]);
  const left = least(xs), top = least(ys);
  const side = Math.max(most(xs) - left, most(ys) - top) || 1;
  const points = [], pen = [];
  for (const [sx, sy] of strokes) {
    const cx = sx.map((x) => ((x - left) * CANVAS) / side), cy = sy.map((y) => ((y - top) * CANVAS) / side);
    const [rx, ry] = resample(cx, cy);
    for (const i of keep(rx, ry)) {
      points.push(halfToEven(rx[i]), halfToEven(ry[i]));
      pen.push(0);
    }
    pen[pen.length - 1] = 1;
  }
  return { points, pen };
}

const least = (values) => values.reduce((a, b) => Math.min(a, b), Infinity);
const most = (values) => values.reduce((a, b) => Math.max(a, b), -Infinity);

function halfToEven(x) {
  const floor = Math.floor(x), rest = x - floor;
  return rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : floor + 1;
}

// The points 0, 1, 2 ... pixels along a stroke, then its end.
function resample(xs, ys) {
  const rx = [xs[0]], ry = [ys[0]];
  let travelled = 0;
  for (let i = 1; i < xs.length; i++) {
    const length = distance(xs[i] - xs[i - 1], ys[i] - ys[i - 1]);
    while (rx.length <= travelled + length) {
      const t = (rx.length - travelled) / length;
      ry.push(ys[i - 1] * (1 - t) + ys[i] * t);
      rx.push(xs[i - 1] * (1 - t) + xs[i] * t);
    }
    travelled += length;
  }
  rx.push(xs[xs.length - 1]);
  ry.push(ys[ys.length - 1]);
  return [rx, ry];
}

// Ramer-Douglas-Peucker: indices of the points to keep, in order.
function keep(xs, ys) {
  const kept = [0], pending = [xs.length - 1];
  let start = 0;
  while (pending.length) {
    const end = pending[pending.length - 1];
    const farthest = farthestFrom(xs, ys, start, end);
    if (farthest === null) kept.push((start = pending.pop()));
    else pending.push(farthest);
  }
  return kept;
}

// The first of the points farthest from the line through both ends; null where none is far enough.
function farthestFrom(xs, ys, start, end) {
  const ax = xs[start], ay = ys[start], dx = xs[end] - ax, dy = ys[end] - ay, chord = distance(dx, dy);
  let best = null, far = EPSILON;
  for (let i = start; i <= end; i++) {
    const away = chord === 0 ? distance(xs[i] - ax, ys[i] - ay) : Math.abs((xs[i] - ax) * dy - (ys[i] - ay) * dx) / chord;
    if (away > far) [best, far] = [i, away];
  }
  return best;
}
