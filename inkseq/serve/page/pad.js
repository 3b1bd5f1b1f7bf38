// Paper: strokes as [xs, ys, times] from a mouse, a finger, a pen, or keys (keys.js).

import { paint, upTo, wayOf } from "./ink.js";

const REPLAY = 1800;  // milliseconds

export class Pad {
  constructor(canvas, changed) {
    this.canvas = canvas;
    this.changed = changed;
    this.strokes = [];
    this.widths = [];  // of each stroke its points' widths, where a pen says how hard it is pressed: seen, never asked about
    this.image = null;  // { file, bitmap }, where there are no strokes
    this.again = null;  // the replay that is shown instead of the drawing
    this.hung = null;  // a picture that is, while there is none
    this.cursor = null;  // where keys have moved the pen
    this.pointer = null;  // what draws just now
    canvas.addEventListener("pointerdown", (event) => this.begin(event));
    canvas.addEventListener("pointermove", (event) => this.go(event));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => this.end(event));
    new ResizeObserver(() => this.fit()).observe(canvas);
    this.fit();
  }

  set locked(isLocked) {
    this.canvas.classList.toggle("locked", isLocked);
  }

  get locked() {
    return this.canvas.classList.contains("locked");
  }

  fit() {  // strokes are in units of the paper's side, so that turning a phone keeps the drawing
    const scale = window.devicePixelRatio || 1;
    this.canvas.width = Math.max(1, Math.round(this.canvas.clientWidth * scale));
    this.canvas.height = Math.max(1, Math.round(this.canvas.clientHeight * scale));
    this.paint();
  }

  begin(event) {
    const palm = event.pointerType === "pen" && this.pointer?.type === "touch";  // a hand comes before its pen
    const busy = this.pointer && this.pointer.type !== "keys" && !palm;
    if (this.locked || busy || (event.pointerType === "mouse" && event.button !== 0)) return;
    if (palm) this.take();
    this.pointer = { id: event.pointerId, type: event.pointerType };
    this.canvas.setPointerCapture(event.pointerId);
    this.cursor = null;
    this.lower(event.timeStamp, event.pointerType === "pen");
    this.add(event);
  }

  go(event) {
    if (event.pointerId !== this.pointer?.id) return;
    const between = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
    for (const one of between.length ? between : [event]) this.add(one);
  }

  add(event) {
    const box = this.canvas.getBoundingClientRect(), scale = 1000 / Math.max(box.width, 1);
    this.widths.at(-1)?.push(0.35 + 1.3 * event.pressure);
    this.reach(scale * (event.clientX - box.left), scale * (event.clientY - box.top), event.timeStamp);
  }

  end(event) {
    if (event.pointerId !== this.pointer?.id) return;
    this.pointer = null;
    this.changed();
  }

  lower(time, pressed = false) {  // a new stroke begins
    this.image = this.again = null;
    if (!this.strokes.length) this.began = time;
    this.strokes.push([[], [], []]);
    this.widths.push(pressed ? [] : null);
  }

  reach(x, y, time) {
    const [xs, ys, times] = this.strokes.at(-1);
    xs.push(Math.round(10 * x) / 10);
    ys.push(Math.round(10 * y) / 10);
    times.push(Math.max(0, Math.round(time - this.began)));
    this.repaint();
    this.changed();
  }

  take() {
    this.strokes.pop();
    this.widths.pop();
  }

  undo() {
    if (this.locked) return;
    this.pointer = this.image = this.again = null;
    this.take();
    this.repaint();
    this.changed();
  }

  clear() {
    this.show(null);
  }

  show(image) {
    this.pointer = this.again = this.hung = null;
    this.strokes = [];
    this.widths = [];
    this.image = image;
    this.repaint();
    this.changed();
  }

  hang(picture) {
    this.hung = picture;
    this.repaint();
  }

  // Strokes drawn once more, in the colours given, until the pen is used again.
  replay(strokes, color) {
    const way = wayOf(strokes), began = performance.now(), again = { strokes: [], color };
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const go = (now) => {
      if (this.again !== again) return;
      const share = still ? 1 : (now - began) / REPLAY;
      again.strokes = share < 1 ? upTo(strokes, share * way) : strokes;
      this.paint();
      if (share < 1) requestAnimationFrame(go);
    };
    this.again = again;
    requestAnimationFrame(go);
  }

  repaint() {  // once a frame, however many points come in between
    this.due ??= requestAnimationFrame(() => this.paint());
  }

  paint() {
    this.due = undefined;
    const context = this.canvas.getContext("2d"), scale = this.canvas.width / 1000, picture = this.hung ?? this.image?.bitmap;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    if (picture && !this.again) this.paste(context, picture);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    if (this.again) paint(context, this.again.strokes, { color: this.again.color });
    else paint(context, this.strokes, { widths: this.widths });
    if (this.cursor) this.point(context, ...this.cursor);
  }

  point(context, x, y) {
    context.lineWidth = 3;
    context.strokeStyle = "#2f4ac0";
    context.beginPath();
    context.arc(x, y, 14, 0, 7);
    context.stroke();
  }

  paste(context, bitmap) {
    const { width, height } = this.canvas, scale = Math.min(width / bitmap.width, height / bitmap.height);
    const [w, h] = [scale * bitmap.width, scale * bitmap.height];
    context.imageSmoothingEnabled = scale < 1;  // the few pixels of a small one are shown as they are
    context.drawImage(bitmap, (width - w) / 2, (height - h) / 2, w, h);
  }
}
