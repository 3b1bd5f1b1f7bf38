// Who is asked: the recogniser itself, which came along with the page. No drawing leaves the browser.

import { canonical } from "./canonical.js";
import * as ort from "./onnxruntime.js";

export { forget, taught, teach } from "./kept.js";

const TOP = 5, MOST_POINTS = 10_000;
ort.env.wasm.numThreads = 1;  // more need headers that a plain web server does not send
ort.env.logLevel = "error";
const loading = load();

async function load() {
  const response = await fetch("recogniser.json");
  if (!response.ok) throw new Error(`recogniser.json: status ${response.status}`);
  return { ...(await response.json()), session: await ort.InferenceSession.create("recogniser.onnx") };
}

export const about = () => loading;

export async function guess(strokes) {
  const { classes } = await loading;
  const chances = await probabilities(canonical(strokes));
  const guesses = classes.map((word, k) => ({ word, probability: chances[k] }));
  return guesses.sort((a, b) => b.probability - a.probability).slice(0, TOP);
}

async function probabilities({ points, pen }) {
  const { session } = await loading, n = pen.length;
  if (n > MOST_POINTS) throw new Error(`more than ${MOST_POINTS} points`);
  const { probability } = await session.run({
    points: new ort.Tensor("float32", Float32Array.from(points), [1, n, 2]),
    pen: new ort.Tensor("float32", Float32Array.from(pen), [1, n]),
    length: new ort.Tensor("int64", BigInt64Array.of(BigInt(n)), [1]),
  });
  return probability.data;
}

// What a stroke is worth for a word: how far its logit, less the mean of all, falls where the stroke is missing.
// (A server divides that among points, by gradients, which there are none of here.)
export async function explain(strokes, word) {
  const { classes } = await loading, k = classes.indexOf(word);
  const drawing = apart(canonical(strokes)), whole = await lead(drawing, k), credit = [];
  for (const stroke of drawing) {
    const without = await lead(drawing.filter((other) => other !== stroke), k);
    credit.push(stroke.pen.map(() => whole - without));
  }
  return { strokes: drawing.map(({ points }) => [0, 1].map((side) => points.filter((_, i) => i % 2 === side))), credit };
}

async function lead(drawing, k) {
  if (!drawing.length) return 0;  // nothing speaks for no word
  const points = drawing.flatMap((stroke) => stroke.points), pen = drawing.flatMap((stroke) => stroke.pen);
  const logs = Array.from(await probabilities({ points, pen }), (chance) => Math.log(Math.max(chance, 1e-37)));
  return logs[k] - logs.reduce((a, b) => a + b) / logs.length;
}

// Each stroke by itself.
function apart({ points, pen }) {
  const ends = pen.flatMap((lifted, i) => (lifted ? [i + 1] : []));
  return ends.map((end, i) => {
    const start = ends[i - 1] ?? 0;
    return { points: points.slice(2 * start, 2 * end), pen: pen.slice(start, end) };
  });
}
