// The page: one sheet of paper, three things to do with it.

import * as brain from "./brain.js";
import { Game } from "./game.js";
import { decode, takeImages, toSend } from "./image.js";
import { takeKeys } from "./keys.js";
import { mattered } from "./mattered.js";
import { Pad } from "./pad.js";
import { say, sayOnceAtRest } from "./said.js";
import { Lessons } from "./teach.js";
import { a, toDraw } from "./words.js";

const $ = (id) => document.getElementById(id);
const pad = new Pad($("pad"), changed);
let mode = "draw", about = { classes: [], threshold: 0.5 }, asking = false, stale = false, guesses = [];
let words = [], word = null, game = null, lessons = null;  // those still to be asked for, and the one that is

// ------------------------------------------------------------------ guesses, while the pen moves
async function changed() {
  stale = true;
  if (mode === "draw") $("legend").hidden = true;  // what was drawn again is gone
  if (asking || mode === "teach") return;
  asking = true;
  while (stale) {  // one question at a time, always about the latest drawing
    await new Promise((go) => requestAnimationFrame(() => setTimeout(go)));  // the ink is seen first
    stale = false;
    const { strokes, image } = pad;
    try {
      guesses = image ? await guessImage(image) : strokes.length ? await brain.guess(strokes) : [];
      show(null);
    } catch (error) {
      guesses = [];
      show(error);
    }
  }
  asking = false;
}

const guessImage = async ({ file, bitmap }) => brain.guessImage(await toSend(file, bitmap));
const isKnown = ({ probability }) => probability >= about.threshold;

function show(error) {
  $("verdict").textContent = error ? `Cannot ask: ${error.message}` : verdict();
  if (mode === "game") game?.hear(guesses, error ? $("verdict").textContent : "");
  $("guesses").replaceChildren(...guesses.map(row));
  $("why").disabled = mode !== "draw" || !guesses.length || !pad.strokes.length;
  if (mode !== "draw") return;
  const known = guesses.length > 0 && isKnown(guesses[0]);
  $("ask").classList.toggle("done", known && guesses[0].word === word);
  (known ? say : sayOnceAtRest)($("verdict").textContent);
}

function verdict() {
  if (!guesses.length) return about.classes.length ? "Draw something." : "One moment …";
  const thing = a(guesses[0].word);
  return isKnown(guesses[0]) ? `I know: it’s ${thing}!` : guesses[0].probability >= about.threshold / 2 ? `Perhaps ${thing}?` : "Hmm …";
}

function row({ word, probability, taught }) {
  const item = document.createElement("li"), bar = document.createElement("i");
  const name = document.createElement("span"), share = document.createElement("span");
  bar.style.width = `${100 * probability}%`;
  name.textContent = labelled(word);
  share.textContent = `${(100 * probability).toFixed(probability < 0.0995 ? 1 : 0)} %`;
  if (taught) name.append(" ", Object.assign(document.createElement("small"), { textContent: "taught" }));
  item.append(bar, name, share);
  return item;
}

// With the code points of a sign or two that not every font has.
function labelled(word) {
  const signs = [...word], points = signs.map((sign) => `U+${sign.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`);
  return signs.length <= 2 && /[^\0-\x7f]/.test(word) ? `${word} ${points.join(" ")}` : word;
}

$("why").addEventListener("click", async () => {
  const { strokes } = pad, [{ word }] = guesses;
  const { shown, color } = await mattered(brain, strokes, word);
  if (pad.strokes !== strokes) return;  // another sheet by now
  pad.replay(shown, color);
  $("legend").hidden = !color;
});

// ------------------------------------------------------------------ a word to draw
function chooseWord() {
  if (!words.length) words = toDraw(about);
  word = words.pop();
  showWord();
}

function showWord() {
  $("task").textContent = mode === "draw" && word ? `Draw ${a(word)}` : "";
  $("next").hidden = mode !== "draw" || !word;
}

$("next").addEventListener("click", () => {
  if (mode === "game") return game.next(false);
  chooseWord();
  pad.clear();
});

// ------------------------------------------------------------------ what to do
const tabs = [...document.querySelectorAll("[role=tab]")];

function choose(tab) {
  if (mode === "game") game?.leave();
  mode = tab.getAttribute("aria-controls");
  for (const one of tabs) {
    const chosen = one === tab;
    one.setAttribute("aria-selected", chosen);
    one.tabIndex = chosen ? 0 : -1;
    $(one.getAttribute("aria-controls")).hidden = !chosen;
  }
  $("ask").classList.remove("done");
  showWord();
  $("why").hidden = mode !== "draw";
  $("legend").hidden = true;
  pad.locked = mode === "game";
  pad.clear();
  if (mode === "teach") lessons?.load();
}

for (const tab of tabs) {
  tab.addEventListener("click", () => choose(tab));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
    next.focus();
    choose(next);
  });
}
takeKeys(pad);
$("undo").addEventListener("click", () => pad.undo());
$("clear").addEventListener("click", () => !pad.locked && pad.clear());
document.addEventListener("keydown", (event) => {
  if (event.target.matches("input")) return;
  if (event.key === "z" && (event.ctrlKey || event.metaKey)) pad.undo();
  if (event.key === "Escape" && !pad.locked) pad.clear();
});

// ------------------------------------------------------------------ images
function tellOfImages(size) {
  const none = brain.guessImage ? "" : " A page without a server takes no image files.";
  $("learnt").textContent = `It learnt from images of ${size} × ${size} pixels, and makes one of what you draw.${none}`;
  $("learnt").hidden = false;
  $("give").hidden = !brain.guessImage;
  if (none) return;
  takeImages(async (file) => {
    const image = { file, bitmap: await decode(file) };
    if (mode === "draw") pad.show(image);
  });
}

// ------------------------------------------------------------------ begin
try {
  about = await brain.about();
  $("known").textContent = about.classes.map(labelled).join(", ");
  if (about.image_size) tellOfImages(about.image_size);
  game = new Game(pad, about, brain);
  lessons = new Lessons(pad, about.command, brain);
  chooseWord();
  if (mode === "teach") lessons.load();
  changed();
} catch (error) {
  $("verdict").textContent = `Nobody answers: ${error.message}`;
}
