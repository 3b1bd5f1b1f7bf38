// A drawing as a picture, as inkseq/models/picture.py and inkseq/drawings/raster.py draw it: tests hold one against the
// other. Planes are flat, row by row.

const LEAST = 1e-9;
const clamp = (x, low, high) => Math.max(low, Math.min(high, x));

// x, channels last: every pixel's planes, in the order of the network's channels.
export function draw({ size, line, margin, channels, colours, country }, points, pen) {
  const lines = trace(points, pen, size, margin), stroke = strokes(pen), reach = (line + 1) / 2;
  const lift = (t) => pen[t] === 1, begin = (t) => t === 0 || lift(t - 1);
  const dots = (kept) => paint(lines.filter((_, t) => kept(t)).map(([, , x, y]) => [x, y, x, y]), [], reach, size);
  const value = { order: () => order(stroke), time: () => time(lines), direction: () => direction(lines) };
  value.stroke_colours = () => [0, 1, 2].map((c) => stroke.map((n) => colours[n % colours.length][c]));
  const named = channels.filter((name) => value[name]), values = named.map((name) => value[name]());
  const [ink, ...painted] = paint(lines, values.flat(), reach, size);
  const planes = { ink: [ink] };
  named.forEach((name, i) => (planes[name] = painted.splice(0, values[i].length)));
  if (channels.includes("ends")) planes.ends = [...dots(begin), ...dots(lift)];
  if (channels.includes("country")) planes.country = [new Float32Array(size * size).fill(country)];
  if (channels.includes("country_code")) planes.country_code = [new Float32Array(size * size)];  // of no country
  return interleave(channels.flatMap((name) => planes[name]), size);
}

// The line that leads to each point, in pixels; one of no length where a stroke begins.
function trace(points, pen, size, margin) {
  const xs = points.filter((_, i) => i % 2 === 0), ys = points.filter((_, i) => i % 2 === 1);
  const [left, right, top, bottom] = [...ends(xs), ...ends(ys)];
  const scale = (size - 1 - 2 * margin) / Math.max(right - left, bottom - top, 1);
  const place = (p, low, high) => (p - (low + high) / 2) * scale + (size - 1) / 2;
  const to = xs.map((x, t) => [place(x, left, right), place(ys[t], top, bottom)]);
  return to.map((at, t) => [...(t && !pen[t - 1] ? to[t - 1] : at), ...at]);
}

const ends = (values) => values.reduce(([low, high], v) => [Math.min(low, v), Math.max(high, v)], [Infinity, -Infinity]);

// The number of each point's stroke.
function strokes(pen) {
  let n = 0;
  return Array.from(pen, (lifted) => (lifted ? n++ : n));
}

const order = (stroke) => [stroke.map((n) => 1 - (13 / 255) * Math.min(n, 10))];

function time(lines) {
  let ink = 0;
  const behind = lines.map(([ax, ay, bx, by]) => (ink += Math.hypot(bx - ax, by - ay)));
  return [behind.map((way) => 1 - (2 * way) / Math.max(ink, 1))];
}

function direction(lines) {
  const unit = ([ax, ay, bx, by]) => [bx - ax, by - ay].map((way) => way / Math.max(Math.hypot(bx - ax, by - ay), 1e-3));
  const units = lines.map(unit);
  return [units.map(([x, y]) => x * x - y * y), units.map(([x, y]) => 2 * x * y)];
}

// The ink, and of each of the values the mean of what lies there, as strong as the ink.
function paint(lines, values, reach, size) {
  const ink = new Float32Array(size * size), weight = new Float32Array(size * size).fill(LEAST);
  const planes = values.map(() => new Float32Array(size * size));
  const first = (a, b) => Math.trunc(clamp(Math.min(a, b) - reach, 0, size - 1));
  const last = (a, b) => Math.trunc(clamp(Math.max(a, b) + reach, 0, size - 1));
  lines.forEach(([ax, ay, bx, by], t) => {
    const wx = bx - ax, wy = by - ay, square = Math.max(wx * wx + wy * wy, LEAST);
    const left = first(ax, bx), right = last(ax, bx), bottom = last(ay, by);
    for (let y = first(ay, by); y <= bottom; y++) {
      for (let x = left; x <= right; x++) {
        const along = clamp(((x - ax) * wx + (y - ay) * wy) / square, 0, 1);
        const dx = x - ax - along * wx, dy = y - ay - along * wy;
        const cover = Math.min(reach - Math.sqrt(dx * dx + dy * dy), 1), q = y * size + x;
        if (cover <= 0) continue;
        ink[q] = Math.max(ink[q], cover);
        weight[q] += cover;
        for (let a = 0; a < planes.length; a++) planes[a][q] += cover * values[a][t];
      }
    }
  });
  for (const plane of planes) for (let q = 0; q < plane.length; q++) plane[q] *= ink[q] / weight[q];
  return [ink, ...planes];
}

function interleave(planes, size) {
  const x = { data: new Float32Array(planes.length * size * size), side: size, channels: planes.length };
  planes.forEach((plane, c) => plane.forEach((v, q) => (x.data[q * planes.length + c] = v)));
  return x;
}
