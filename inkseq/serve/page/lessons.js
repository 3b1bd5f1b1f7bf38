// What was taught in this browser, as features of the network: what prototypes are made of.

import { canonical } from "./canonical.js";
import { answer } from "./engine.js";
import { kept, read } from "./kept.js";
import { beside } from "./prototypes.js";
import { recogniser } from "./recogniser.js";

const AT_ONCE = 8;  // drawings not met yet; between them the pen is followed
let known = new Map(), seen = null, now = null, last = Promise.resolve();  // line -> its word and features, null where it is no drawing

// The words that are known now and their logits, whichever page of this origin taught them.
export const learnt = () => (last = last.then(keepUp, keepUp));

async function keepUp() {
  const { classes, prototypes } = await recogniser, text = kept();
  now ??= { ...beside(classes, new Map(), prototypes), taught: new Map() };
  if (text === seen) return now;
  const lines = [...new Set(text.split("\n").filter(Boolean))];
  known = new Map(lines.filter((line) => known.has(line)).map((line) => [line, known.get(line)]));
  const unmet = lines.filter((line) => !known.has(line));
  for (const line of unmet.slice(0, AT_ONCE)) known.set(line, await lesson(line));
  if (unmet.length > AT_ONCE) {
    setTimeout(learnt);
    return now;  // hundreds are known when all of them are met
  }
  const lessons = new Map();
  for (const { word, features } of [...known.values()].filter(Boolean)) lessons.set(word, [...(lessons.get(word) ?? []), features]);
  [seen, now] = [text, { ...beside(classes, lessons, prototypes), taught: lessons }];
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
