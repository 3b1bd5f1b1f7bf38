// Drawing with keys: arrows move the pen, Space or Enter lowers and lifts it.

import { say } from "./said.js";

const STEP = 20, SMALL = 5, MIDDLE = [500, 500];  // on paper of 1000
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export function takeKeys(pad) {
  const held = new Set(), isDown = () => pad.pointer?.type === "keys";

  pad.canvas.addEventListener("keydown", (event) => {
    if (pad.locked || (pad.pointer && !isDown()) || event.ctrlKey || event.metaKey || event.altKey) return;
    const toggles = event.key === " " || event.key === "Enter";
    if (!toggles && !WAYS[event.key]) return;
    event.preventDefault();
    if (!toggles) move(event);
    else if (!event.repeat) toggle(event.timeStamp);
  });
  pad.canvas.addEventListener("keyup", (event) => held.delete(event.key));
  pad.canvas.addEventListener("blur", () => {
    held.clear();
    if (isDown()) pad.pointer = null;
    pad.cursor = null;
    pad.repaint();
  });

  function move({ key, shiftKey, timeStamp }) {
    held.add(key);  // two arrows together go aslant
    const step = shiftKey ? SMALL : STEP, from = pad.cursor ?? MIDDLE;
    const to = [0, 1].map((side) => [...held].reduce((at, one) => at + step * WAYS[one][side], from[side]));
    pad.cursor = to.map((at) => Math.min(1000, Math.max(0, at)));
    if (isDown()) pad.reach(...pad.cursor, timeStamp);
    pad.repaint();
  }

  function toggle(time) {
    const lowers = !isDown();
    pad.pointer = lowers ? { type: "keys" } : null;
    pad.cursor ??= MIDDLE;
    if (lowers) {
      pad.lower(time);
      pad.reach(...pad.cursor, time);
    }
    say(lowers ? "Pen down" : "Pen up");
  }
}
