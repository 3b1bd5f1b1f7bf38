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
      const counts = await this.load(), more = counts?.[word] < 3 ? ` Draw another ${word}: three are enough to begin with.` : "";
      $("lesson-told").textContent = `Saved, and known from now on.${more}`;
    } catch (error) {
      $("lesson-told").textContent = `Not saved: ${error.message}`;
    }
  }

  async load() {
    try {
      const { counts, drawings, download } = await this.brain.taught();
      const words = Object.keys(counts).sort();
      $("words").replaceChildren(...words.map((word) => Object.assign(document.createElement("option"), { value: word })));
      $("counts").replaceChildren(...words.map((word) => this.entry(word, counts[word], drawings)));
      $("taught").replaceChildren(...drawings.reverse().map((one) => this.card(one)));
      $("kept").hidden = !download || !drawings.length;
      $("download").href = download ?? "";
      return counts;
    } catch (error) {
      $("lesson-told").textContent = `Cannot ask: ${error.message}`;
    }
  }

  // A word, how often it was drawn, and a way to forget all that is shown of it.
  entry(word, count, drawings) {
    const item = document.createElement("li"), own = drawings.filter((one) => one.word === word);
    item.append(`${word}: ${count} `);
    if (own.length) item.append(this.forgetting("Forget", `Forget ${word}`, own.map((one) => one.key_id), `${word} is forgotten.`));
    return item;
  }

  card({ key_id, word, drawing }) {
    const item = document.createElement("li"), name = document.createElement("span");
    name.textContent = word;
    item.append(picture(drawing, word), name, this.forgetting("Delete", `Delete this ${word}`, [key_id], `One drawing of ${word} is deleted.`));
    return item;
  }

  forgetting(text, label, keys, told) {
    const forget = Object.assign(document.createElement("button"), { type: "button", textContent: text, className: "forget" });
    forget.setAttribute("aria-label", label);
    forget.addEventListener("click", async () => {
      try {
        for (const key of keys) await this.brain.forget(key);
        $("lesson-told").textContent = told;
      } catch (error) {
        $("lesson-told").textContent = `Not deleted: ${error.message}`;
      }
      await this.load();
      $("lesson-told").focus();  // the button is gone
    });
    return forget;
  }
}
