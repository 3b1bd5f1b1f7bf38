// Paper: strokes as [xs, ys, times] from a mouse, a finger or a pen.

const COLORS = 12;
const ink = (i, n) => {  // from the first stroke, dark, to the last, light: as everywhere in inkseq
  const stops = ["#0d0887", "#3b049a", "#5c01a6", "#7e03a8", "#9c179e", "#b52f8c", "#cc4778", "#de5f65", "#ed7953", "#f89540", "#fdb42f", "#fdb42f"];
  return stops[Math.round((i * (COLORS - 1)) / Math.max(n - 1, 1))];
};

export class Pad {
  constructor(canvas, changed) {
    this.canvas = canvas;
    this.changed = changed;
    this.strokes = [];
    this.image = null;  // { file, bitmap }, where there are no strokes
    this.locked = false;
    this.pointer = null;
    canvas.addEventListener("pointerdown", (event) => this.begin(event));
    canvas.addEventListener("pointermove", (event) => this.go(event));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => this.end(event));
    new ResizeObserver(() => this.fit()).observe(canvas);
    this.fit();
  }

  fit() {  // strokes are in units of the paper's side, so that turning a phone keeps the drawing
    const scale = window.devicePixelRatio || 1;
    this.canvas.width = Math.max(1, Math.round(this.canvas.clientWidth * scale));
    this.canvas.height = Math.max(1, Math.round(this.canvas.clientHeight * scale));
    this.paint();
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    const side = Math.max(box.width, 1);
    return [(1000 * (event.clientX - box.left)) / side, (1000 * (event.clientY - box.top)) / side];
  }

  begin(event) {
    if (this.locked || this.pointer !== null || (event.pointerType === "mouse" && event.button !== 0)) return;
    event.preventDefault();
    this.pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.image = null;
    if (!this.strokes.length) this.began = event.timeStamp;
    this.strokes.push([[], [], []]);
    this.add(event);
  }

  go(event) {
    if (event.pointerId !== this.pointer) return;
    const between = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
    for (const one of between.length ? between : [event]) this.add(one);
  }

  add(event) {
    const [xs, ys, times] = this.strokes[this.strokes.length - 1];
    const [x, y] = this.place(event);
    xs.push(Math.round(10 * x) / 10);
    ys.push(Math.round(10 * y) / 10);
    times.push(Math.max(0, Math.round(event.timeStamp - this.began)));
    this.paint();
    this.changed();
  }

  end(event) {
    if (event.pointerId !== this.pointer) return;
    this.pointer = null;
    this.changed();
  }

  undo() {
    if (this.locked) return;
    this.pointer = this.image = null;
    this.strokes.pop();
    this.paint();
    this.changed();
  }

  clear() {
    this.show(null);
  }

  show(image) {
    this.pointer = null;
    this.strokes = [];
    this.image = image;
    this.paint();
    this.changed();
  }

  paint() {
    const context = this.canvas.getContext("2d");
    const scale = this.canvas.width / 1000;
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    if (this.image?.bitmap) this.paste(context, this.image.bitmap);
    context.lineWidth = 9 * scale;
    context.lineCap = context.lineJoin = "round";
    this.strokes.forEach(([xs, ys], i) => {
      context.strokeStyle = ink(i, this.strokes.length);
      context.beginPath();
      context.moveTo(xs[0] * scale, ys[0] * scale);
      if (xs.length === 1) context.lineTo(xs[0] * scale, ys[0] * scale);
      for (let k = 1; k < xs.length; k++) context.lineTo(xs[k] * scale, ys[k] * scale);
      context.stroke();
    });
  }

  paste(context, bitmap) {
    const { width, height } = this.canvas, scale = Math.min(width / bitmap.width, height / bitmap.height);
    const [w, h] = [scale * bitmap.width, scale * bitmap.height];
    context.imageSmoothingEnabled = scale < 1;  // the few pixels of a small one are shown as they are
    context.drawImage(bitmap, (width - w) / 2, (height - h) / 2, w, h);
  }
}

const SVG = "http://www.w3.org/2000/svg";

// A drawing as a small picture; `color(stroke, point)` may give each step its own.
export function picture(strokes, label, color) {
  const xs = strokes.flatMap((stroke) => stroke[0]), ys = strokes.flatMap((stroke) => stroke[1]);
  const low = [Math.min(...xs), Math.min(...ys)], side = Math.max(Math.max(...xs) - low[0], Math.max(...ys) - low[1], 1);
  const pad = [(side - (Math.max(...xs) - low[0])) / 2, (side - (Math.max(...ys) - low[1])) / 2];
  const at = (x, y) => `${((255 * (x - low[0] + pad[0])) / side).toFixed(1)} ${((255 * (y - low[1] + pad[1])) / side).toFixed(1)}`;
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "-8 -8 271 271");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  strokes.forEach(([sx, sy], i) => {
    const whole = sx.map((x, k) => at(x, sy[k]));
    const parts = color ? whole.map((_, k) => [whole.slice(Math.max(k - 1, 0), k + 1), color(i, k)]) : [[whole, ink(i, strokes.length)]];
    for (const [points, stroke] of parts) {
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("d", `M${points.join("L")}${points.length === 1 ? "l0 0" : ""}`);
      path.setAttribute("stroke", stroke);
      svg.append(path);
    }
  });
  return svg;
}
