// The game: words to draw, twenty seconds each; at the end every drawing, coloured by what mattered.

import { picture } from "./ink.js";
import { mattered } from "./mattered.js";
import { say } from "./said.js";
import { souvenir } from "./souvenir.js";
import { a, toDraw } from "./words.js";

const SECONDS = 20, ROUNDS = 6, PAUSE = 1200, HURRY = 5;
const $ = (id) => document.getElementById(id);

export class Game {
  constructor(pad, about, brain) {
    Object.assign(this, { pad, about, brain, word: null, timer: null });
    $("start").addEventListener("click", () => this.start());
    $("start").disabled = false;
  }

  start() {
    this.words = toDraw(this.about).slice(0, ROUNDS);
    this.played = [];
    $("rounds").replaceChildren();
    this.setRunning(true);
    this.pad.canvas.focus({ preventScroll: true });
    this.round();
  }

  setRunning(running) {
    $("start").hidden = running;
    $("clock").hidden = $("next").hidden = !running;
    for (const id of ["rules", "save", "share", "legend"]) $(id).hidden = true;
    $("heard").textContent = $("task").textContent = $("task").className = "";
  }

  round() {
    this.word = this.words[this.played.length];
    this.began = performance.now();
    $("task").className = "";
    $("task").textContent = `Draw ${a(this.word)}`;
    $("score").textContent = `Word ${this.played.length + 1} of ${this.words.length}`;
    $("heard").textContent = "";
    say("");
    this.pad.locked = false;
    this.pad.clear();
    this.timer = setInterval(() => this.tick(), 100);
  }

  tick() {
    const left = SECONDS - (performance.now() - this.began) / 1000;
    $("clock").firstElementChild.style.width = `${Math.max(0, (100 * left) / SECONDS)}%`;
    $("clock").classList.toggle("hurry", left < HURRY);
    if (left < HURRY && left > 0) say(`${HURRY} seconds left`);
    if (left <= 0) this.next(false);
  }

  hear(guesses, trouble) {
    if (!this.word) return;
    $("heard").textContent = guesses.length ? `I see ${guesses.slice(0, 3).map((guess) => guess.word).join(", ")} …` : trouble;
    if (guesses.length && guesses[0].word === this.word && guesses[0].probability >= this.about.threshold) this.next(true);
  }

  next(known) {
    if (!this.word) return;
    const seconds = Math.min(SECONDS, (performance.now() - this.began) / 1000);
    this.played.push({ word: this.word, known, seconds, strokes: this.pad.strokes });
    $("task").textContent = known ? `I know: it’s ${a(this.word)}!` : `That was ${a(this.word)}.`;
    $("task").className = known ? "good" : "bad";
    this.word = null;
    this.pad.locked = true;
    this.pad.pointer = null;
    clearInterval(this.timer);
    this.pause = setTimeout(() => (this.played.length < this.words.length ? this.round() : this.finish()), PAUSE);
  }

  leave() {  // in the middle
    if (!$("start").hidden) return;
    this.stop();
    $("score").textContent = "";
    $("rules").hidden = false;
  }

  stop() {
    clearInterval(this.timer);
    clearTimeout(this.pause);
    this.word = null;
    say("");
    const focused = document.activeElement === $("next");
    this.setRunning(false);
    if (focused) $("start").focus();
  }

  async finish() {
    const { played } = this, known = played.filter((one) => one.known);
    const seconds = known.reduce((sum, one) => sum + one.seconds, 0) / known.length;
    const after = known.length ? `after ${seconds.toFixed(1)} seconds on average` : "";
    this.stop();
    this.pad.clear();
    this.pad.locked = true;
    $("score").textContent = `I knew ${known.length} of ${played.length}${after && `, ${after}`}.`;
    $("start").textContent = "Once more";
    await this.offer(souvenir(played, after));
    for (const one of played) {
      const card = await this.card(one);
      if (this.played !== played || this.word) return;  // another game has begun
      $("rounds").append(card);
    }
  }

  async offer(canvas) {
    this.pad.hang(canvas);
    const file = new File([await canvas.convertToBlob()], "inkseq.png", { type: "image/png" });
    URL.revokeObjectURL($("save").href);
    $("save").href = URL.createObjectURL(file);
    $("share").hidden = !navigator.canShare?.({ files: [file] });
    $("share").onclick = () => navigator.share({ files: [file] }).catch(() => {});  // thought better of it
    $("save").hidden = false;
  }

  async card({ word, known, seconds, strokes }) {
    const item = document.createElement("li"), told = document.createElement("span");
    told.textContent = known ? `${word}, ${seconds.toFixed(1)}\u00a0s` : word;
    told.className = known ? "good" : "bad";
    if (strokes.length) {
      const button = document.createElement("button"), { shown, color } = await mattered(this.brain, strokes, word);
      button.type = "button";
      button.title = "Draw it again";
      button.append(picture(shown, word, color));
      button.addEventListener("click", () => this.again(shown, color));
      item.append(button);
    }
    item.append(told);
    return item;
  }

  again(shown, color) {
    this.pad.replay(shown, color);
    $("legend").hidden = !color;
    $("paper").scrollIntoView({ block: "nearest" });
  }
}
