// The page: one sheet of paper, three things to do with it.

import * as brain from "./brain.js";
import { Game, a } from "./game.js";
import { decode, takeImages, toSend } from "./image.js";
import { Pad } from "./pad.js";
import { Lessons } from "./teach.js";

const $ = (id) => document.getElementById(id);
const pad = new Pad($("pad"), changed);
let mode = "draw", classes = [], threshold = 0.5, asking = false, stale = false, guesses = [];
let game = null, lessons = null;

// ------------------------------------------------------------------ guesses, while the pen moves
async function changed() {
  stale = true;
  if (asking || mode === "teach") return;
  asking = true;
  while (stale) {  // one question at a time, always about the latest drawing
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

function show(error) {
  if (mode === "game") game?.hear(error ? [] : guesses);
  $("verdict").textContent = error ? `Cannot ask: ${error.message}` : verdict();
  $("guesses").replaceChildren(...guesses.map(row));
}

function verdict() {
  if (!guesses.length) return classes.length ? "Draw something." : "One moment …";
  const [{ word, probability }] = guesses;
  const thing = a(word);
  return probability >= threshold ? `I know: it’s ${thing}!` : probability >= threshold / 2 ? `Perhaps ${thing}?` : "Hmm …";
}

function row({ word, probability }) {
  const item = document.createElement("li"), bar = document.createElement("i");
  const name = document.createElement("span"), share = document.createElement("span");
  bar.style.width = `${100 * probability}%`;
  name.textContent = labelled(word);
  share.textContent = `${(100 * probability).toFixed(probability < 0.0995 ? 1 : 0)} %`;
  item.append(bar, name, share);
  return item;
}

// With the code points of a sign or two that not every font has.
function labelled(word) {
  const signs = [...word], points = signs.map((sign) => `U+${sign.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`);
  return signs.length <= 2 && /[^\0-\x7f]/.test(word) ? `${word} ${points.join(" ")}` : word;
}

// ------------------------------------------------------------------ what to do
const tabs = [...document.querySelectorAll("[role=tab]")];

function choose(tab) {
  if (mode === "game") game?.stop();
  mode = tab.getAttribute("aria-controls");
  for (const one of tabs) {
    const chosen = one === tab;
    one.setAttribute("aria-selected", chosen);
    one.tabIndex = chosen ? 0 : -1;
    $(one.getAttribute("aria-controls")).hidden = !chosen;
  }
  $("task").textContent = "";
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
  const about = await brain.about();
  ({ classes, threshold } = about);
  $("known").textContent = classes.map(labelled).join(", ");
  if (about.image_size) tellOfImages(about.image_size);
  game = new Game(pad, classes, threshold, brain);
  lessons = new Lessons(pad, about.command, brain);
  if (mode === "teach") lessons.load();
  show(null);
} catch (error) {
  $("verdict").textContent = `Nobody answers: ${error.message}`;
}
