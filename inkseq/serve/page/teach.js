// Teaching: drawings under a word, kept in a file to train on.

import { picture } from "./ink.js";

const $ = (id) => document.getElementById(id);

export class Lessons {
  constructor(pad, command, brain) {
    Object.assign(this, { pad, brain });
    $("command").textContent = command;
    $("lesson").addEventListener("submit", (event) => {
      event.preventDefault();
      this.save();
    });
  }

  async save() {
    const word = $("word").value.trim();
    if (!word || !this.pad.strokes.length) {
      $("lesson-told").textContent = word ? "Draw it first." : "What is it called?";
      return;
    }
    try {
      await this.brain.teach(word, this.pad.strokes);
      this.pad.clear();
      await this.load();
      $("lesson-told").textContent = `Saved. Draw another ${word}.`;
    } catch (error) {
      $("lesson-told").textContent = `Not saved: ${error.message}`;
    }
  }

  async load() {
    try {
      const { counts, drawings, download } = await this.brain.taught();
      const words = Object.keys(counts).sort();
      $("words").replaceChildren(...words.map((word) => Object.assign(document.createElement("option"), { value: word })));
      $("counts").replaceChildren(...words.map((word) => Object.assign(document.createElement("li"), { textContent: `${word}: ${counts[word]}` })));
      $("taught").replaceChildren(...drawings.reverse().map((one) => this.card(one)));
      $("kept").hidden = !download || !drawings.length;
      $("download").href = download ?? "";
    } catch (error) {
      $("lesson-told").textContent = `Cannot ask: ${error.message}`;
    }
  }

  card({ key_id, word, drawing }) {
    const item = document.createElement("li"), name = document.createElement("span"), forget = document.createElement("button");
    name.textContent = word;
    Object.assign(forget, { type: "button", textContent: "Delete", className: "forget" });
    forget.setAttribute("aria-label", `Delete this ${word}`);
    forget.addEventListener("click", async () => {
      try {
        await this.brain.forget(key_id);
        $("lesson-told").textContent = `A ${word} is deleted.`;
      } catch (error) {
        $("lesson-told").textContent = `Not deleted: ${error.message}`;
      }
      await this.load();
    });
    item.append(picture(drawing, word), name, forget);
    return item;
  }
}
