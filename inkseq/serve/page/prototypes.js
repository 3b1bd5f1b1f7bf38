// Words taught by a few drawings each, beside those a network was trained on: as inkseq/models/prototypes.py has them,
// number for number.

// `lessons`: word -> features of its drawings. The words there are then, and their logits of what a network says.
export function beside(trained, lessons, { centre, sharpness, offset }) {
  const words = [...new Set([...trained, ...lessons.keys()])];
  const taught = [...lessons].map(([word, drawings]) => [words.indexOf(word), direction(mean(drawings), centre)]);
  const bias = offset - Math.log(taught.length) / 2;
  return {
    words,
    logits({ features, logits }) {
      const all = [...logits, ...Array(words.length - trained.length).fill(-Infinity)];
      const seen = direction(features, centre), together = addLogs(logits);
      for (const [k, drawing] of taught) all[k] = addLogs([all[k], together + sharpness * dot(seen, drawing) + bias]);
      return all;
    },
  };
}

const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
const mean = (drawings) => drawings[0].map((_, i) => drawings.reduce((sum, one) => sum + one[i], 0) / drawings.length);

function direction(features, centre) {
  const away = Float64Array.from(features, (x, i) => x - centre[i]), length = Math.max(Math.sqrt(dot(away, away)), 1e-12);
  return away.map((x) => x / length);
}

// The logarithm of the sum of what these are logarithms of.
export function addLogs(logs) {
  const most = logs.reduce((a, b) => Math.max(a, b), -Infinity);
  return most === -Infinity ? most : most + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - most), 0));
}
