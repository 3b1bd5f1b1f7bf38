// Who is asked: the recogniser itself, which came along with the page. No drawing leaves the browser.

import { canonical } from "./canonical.js";
import { answer } from "./engine.js";
import { learnt } from "./lessons.js";
import { addLogs } from "./prototypes.js";
import { recogniser } from "./recogniser.js";

export { forget, taught, teach } from "./kept.js";

const TOP = 5, MOST_POINTS = 10_000;
const ready = Promise.all([recogniser, answer([0, 0], [1])]);  // a first answer takes the longest, so nobody waits for it
ready.then(learnt).then(keepPage).catch(() => {});  // about() says what is wrong

export async function about() {
  const [told] = await ready;
  return told;
}

export async function guess(strokes) {
  await ready;
  const { words, taught, logits } = await ask(canonical(strokes)), sum = addLogs(logits);
  const guesses = words.map((word, k) => ({ word, probability: Math.exp(logits[k] - sum), taught: taught.has(word) }));
  return guesses.sort((a, b) => b.probability - a.probability).slice(0, TOP);
}

async function ask({ points, pen }) {
  if (pen.length > MOST_POINTS) throw new Error(`more than ${MOST_POINTS} points`);
  const now = await learnt();
  return { ...now, logits: now.logits(await answer(points, pen)) };
}

// What a stroke is worth for a word: how far its logit, less the mean of all, falls where the stroke is missing.
// (A server divides that among points, by gradients, which there are none of here.)
export async function explain(strokes, word) {
  const k = (await learnt()).words.indexOf(word);
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
  const { logits } = await ask({ points, pen });
  return logits[k] - logits.reduce((a, b) => a + b) / logits.length;
}

// Each stroke by itself.
function apart({ points, pen }) {
  const ends = pen.flatMap((lifted, i) => (lifted ? [i + 1] : []));
  return ends.map((end, i) => {
    const start = ends[i - 1] ?? 0;
    return { points: points.slice(2 * start, 2 * end), pen: pen.slice(start, end) };
  });
}

// So that the page opens offline; where the browser allows that: over https, or from this machine.
async function keepPage() {
  await navigator.serviceWorker?.register("worker.js");
}
