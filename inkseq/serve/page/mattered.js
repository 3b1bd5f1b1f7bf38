// Which strokes spoke for a word, as colours.

import { extent } from "./ink.js";

// The drawing as the recogniser saw it, where it lay on the paper, and a colour for each of its points.
export async function mattered(brain, strokes, word) {
  try {
    const { strokes: seen, credit } = await brain.explain(strokes, word);
    const most = Math.max(...credit.flat().map(Math.abs), 1e-9), [left, top, width, height] = extent(strokes);
    const unit = Math.max(width, height) / 255;
    const shown = seen.map(([xs, ys]) => [xs.map((x) => left + unit * x), ys.map((y) => top + unit * y)]);
    return { shown, color: (i, k) => shade(credit[i][k] / most) };
  } catch {
    return { shown: strokes };  // without an explanation in the order of its strokes
  }
}

function shade(worth) {
  const to = worth > 0 ? [176, 48, 28] : [31, 95, 168], share = Math.abs(worth) ** 0.7;
  return `rgb(${[208, 212, 218].map((from, i) => Math.round(from + (to[i] - from) * share)).join(" ")})`;
}
