// The game: words to draw, twenty seconds each; at the end every drawing, coloured by what mattered.

import { picture } from "./pad.js";

const SECONDS = 20, ROUNDS = 6, PAUSE = 1200;
const $ = (id) => document.getElementById(id);
// A word with its article, if it is of an alphabet that has such.
export const a = (word) => (/^[^\0-\x7f]/.test(word) ? word : `${/^[aeiou]/i.test(word) ? "an" : "a"} ${word}`);

export class Game {
  constructor(pad, classes, threshold, brain) {
    Object.assign(this, { pad, classes, threshold, brain, word: null, timer: null });
    $("start").addEventListener("click", () => this.start());
    $("start").disabled = false;
    $("skip").addEventListener("click", () => this.next(false));
  }

  start() {
    const shuffled = [...this.classes];
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = Math.floor(Math.random() * (i + 1));
      [shuffled[i], shuffled[j]] = [shuffled[j], shuffled[i]];
    }
    this.words = shuffled.slice(0, ROUNDS);
    this.played = [];
    $("rounds").replaceChildren();
    $("legend").hidden = true;
    $("start").hidden = true;
    $("skip").hidden = false;
    this.round();
  }

  round() {
    this.word = this.words[this.played.length];
    this.began = performance.now();
    $("task").textContent = `Draw ${a(this.word)}`;
    $("score").textContent = `Word ${this.played.length + 1} of ${this.words.length}`;
    $("heard").textContent = "";
    this.pad.locked = false;
    this.pad.clear();
    $("skip").disabled = false;
    this.timer = setInterval(() => this.tick(), 100);
  }

  tick() {
    const left = SECONDS - (performance.now() - this.began) / 1000;
    const bar = document.createElement("i");
    bar.style.width = `${Math.max(0, (100 * left) / SECONDS)}%`;
    $("clock").replaceChildren(bar);
    if (left <= 0) this.next(false);
  }

  hear(guesses) {
    if (!this.word) return;
    $("heard").textContent = guesses.length ? `I see ${guesses.slice(0, 3).map((guess) => guess.word).join(", ")} …` : "";
    if (guesses.length && guesses[0].word === this.word && guesses[0].probability >= this.threshold) this.next(true);
  }

  next(known) {
    const seconds = Math.min(SECONDS, (performance.now() - this.began) / 1000);
    this.played.push({ word: this.word, known, seconds, strokes: this.pad.strokes });
    $("task").textContent = known ? `I know: it’s ${a(this.word)}!` : `That was ${a(this.word)}.`;
    this.word = null;
    this.pad.locked = true;
    clearInterval(this.timer);
    $("skip").disabled = true;
    this.pause = setTimeout(() => (this.played.length < this.words.length ? this.round() : this.finish()), PAUSE);
  }

  stop() {
    clearInterval(this.timer);
    clearTimeout(this.pause);
    this.word = null;
    $("clock").replaceChildren();
    $("start").hidden = false;
    $("skip").hidden = true;
    $("task").textContent = "";
  }

  async finish() {
    this.stop();
    this.pad.clear();
    this.pad.locked = true;
    $("heard").textContent = "";
    const known = this.played.filter((one) => one.known);
    const seconds = known.reduce((sum, one) => sum + one.seconds, 0);
    $("score").textContent = `I knew ${known.length} of ${this.played.length}${known.length ? `, after ${(seconds / known.length).toFixed(1)} seconds on average` : ""}.`;
    $("start").textContent = "Once more";
    for (const one of this.played) $("rounds").append(await this.card(one));
    $("legend").hidden = !this.played.some((one) => one.strokes.length);
  }

  async card({ word, known, seconds, strokes }) {
    const item = document.createElement("li"), told = document.createElement("span");
    told.textContent = known ? `${word}, ${seconds.toFixed(1)} s` : word;
    told.className = known ? "good" : "bad";
    if (strokes.length) {
      const button = document.createElement("button");
      button.type = "button";
      button.title = "Draw it again";
      const { shown, color } = await this.mattered(strokes, word);
      button.append(picture(shown, word, color));
      button.addEventListener("click", () => replay(button, shown, word, color));
      item.append(button);
    }
    item.append(told);
    return item;
  }

  async mattered(strokes, word) {
    try {
      const { strokes: shown, credit } = await this.brain.explain(strokes, word);
      const most = Math.max(...credit.flat().map(Math.abs), 1e-9);
      return { shown, color: (i, k) => shade(credit[i][k] / most) };
    } catch {
      return { shown: strokes, color: undefined };  // without an explanation in the order of its strokes
    }
  }
}

function shade(worth) {
  const to = worth > 0 ? [176, 48, 28] : [31, 95, 168], share = Math.abs(worth) ** 0.7;
  return `rgb(${[208, 212, 218].map((from, i) => Math.round(from + (to[i] - from) * share)).join(" ")})`;
}

// Its points come again, one after the other, in two seconds.
function replay(button, strokes, word, color) {
  const total = strokes.reduce((sum, stroke) => sum + stroke[0].length, 0);
  const whole = button.firstElementChild, paths = [...whole.querySelectorAll("path")];
  const steps = color ? paths.length : total;
  let shown = 0;
  for (const path of paths) path.style.visibility = "hidden";
  const timer = setInterval(() => {
    shown += 1;
    const until = color ? shown : Math.ceil((shown / steps) * paths.length);
    paths.forEach((path, i) => (path.style.visibility = i < until ? "visible" : "hidden"));
    if (shown >= steps) clearInterval(timer);
  }, Math.max(15, 2000 / steps));
}
