// Drawings that people taught where there is no server: the browser keeps them as lines of Quick, Draw! ndjson.

const KEY = "inkseq/own.ndjson", SHOWN = 200;
let download = null;

// The lines; none where the browser forbids pages to keep anything.
export function kept() {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

const lines = () => kept().split("\n").filter(Boolean);

// A line as a drawing; null where it is none, as another page of this origin may have left it.
export function read(line) {
  try {
    const row = JSON.parse(line);
    return typeof row?.word === "string" && Array.isArray(row.drawing) ? row : null;
  } catch {
    return null;
  }
}

function keep(all) {
  try {
    localStorage.setItem(KEY, all.join("\n"));
  } catch (error) {
    const full = error.name === "QuotaExceededError";
    throw new Error(full ? "this browser keeps no more; download the drawings, then delete some" : "this browser lets pages keep nothing; its settings allow that for a site");
  }
}

export async function teach(word, strokes) {
  if (/[\p{Cc}\p{Cs}]/u.test(word)) throw new Error("the word has unprintable characters");
  const timestamp = new Date().toISOString().replace("T", " ").replace("Z", "000 UTC");
  const key_id = String(crypto.getRandomValues(new BigUint64Array(1))[0] >> 2n);
  const row = { word, countrycode: "", timestamp, recognized: true, key_id, drawing: strokes };
  keep([...lines(), JSON.stringify(row)]);
}

export async function taught() {
  const all = lines(), rows = all.map(read).filter(Boolean), counts = Object.create(null);
  for (const { word } of rows) counts[word] = (counts[word] ?? 0) + 1;
  URL.revokeObjectURL(download);
  download = URL.createObjectURL(new Blob(all.map((line) => `${line}\n`)));
  return { counts, drawings: rows.slice(-SHOWN), download };
}

export async function forget(key) {
  keep(lines().filter((line) => read(line)?.key_id !== key));
}
