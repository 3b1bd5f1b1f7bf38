// Words: with their article, and which of them are asked for.

const MASS = /^(asparagus|bread|broccoli|camouflage|grass|lightning|rain|toothpaste|underwear|yoga)$/;  // there is no "a rain"
const bare = (word) => /^[^\0-\x7f]/.test(word) || /^the /i.test(word) || MASS.test(word) || /[^iosu]s$/.test(word) || /^\p{Lu}\p{Ll}/u.test(word);

// A word with its article, if it is of an alphabet that has such and takes one.
export const a = (word) => (bare(word) ? word : `${/^([aeiou]|hour)/i.test(word) ? "an" : "a"} ${word}`);

// The words that the recogniser knows better than the middle one, where its scores are known; in any order.
export function toDraw({ classes, scores }) {
  if (!scores) return shuffled(classes);
  const middle = classes.map((word) => scores[word]).sort((one, other) => one - other)[classes.length >> 1];
  return shuffled(classes.filter((word) => scores[word] >= middle));
}

export function shuffled(words) {
  const all = [...words];
  for (let i = all.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [all[i], all[j]] = [all[j], all[i]];
  }
  return all;
}
