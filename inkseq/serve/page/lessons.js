// What was taught in this browser, as features of the network: what prototypes are made of.

import { canonical } from "./canonical.js";
import { answer } from "./engine.js";
import { kept, read } from "./kept.js";
import { beside } from "./prototypes.js";
import { recogniser } from "./recogniser.js";

const WITHIN = 500;  // milliseconds of a guess for drawings not met yet; of hundreds some have to wait for the next guess
let known = new Map(), seen = null, now = null, last = Promise.resolve();  // line -> its word and features, null where it is no drawing

// The words that are known now and their logits, whichever page of this origin taught them.
export const learnt = () => (last = last.then(keepUp, keepUp));

async function keepUp() {
  const { classes, prototypes } = await recogniser, text = kept();
  if (now && text === seen) return now;
  const lines = [...new Set(text.split("\n").filter(Boolean))], until = performance.now() + WITHIN;
  const found = new Map(lines.map((line) => [line, known.get(line)]));
  for (const line of lines.reverse()) {
    if (found.get(line) === undefined && performance.now() < until) found.set(line, await lesson(line));
  }
  const lessons = new Map(), all = lines.every((line) => found.get(line) !== undefined);
  for (const { word, features } of [...found.values()].filter(Boolean)) lessons.set(word, [...(lessons.get(word) ?? []), features]);
  [known, seen, now] = [found, all ? text : null, { ...beside(classes, lessons, prototypes), taught: lessons }];
  return now;
}

async function lesson(line) {
  try {
    const { word, drawing } = read(line), { points, pen } = canonical(drawing), named = word.trim();
    if (!named || !points.every(Number.isFinite)) return null;
    return { word: named, features: (await answer(points, pen)).features };
  } catch {
    return null;  // a line that somebody edited
  }
}
