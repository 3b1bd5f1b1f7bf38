// Tables that sort and search, and the map that shows the drawing under the pointer or the keys.
"use strict";

for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const key = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.value === undefined ? cell.textContent.trim() : Number(cell.dataset.value);
  };
  heads.forEach((head, column) => {
    head.querySelector("button").addEventListener("click", () => {
      const words = typeof key(body.rows[0], column) === "string";
      const now = head.getAttribute("aria-sort");
      const up = now ? now === "descending" : words;  // words from a, numbers from the largest
      const sign = up ? 1 : -1;
      const rows = [...body.rows].sort((a, b) => {
        const [x, y] = [key(a, column), key(b, column)];
        if (words) return sign * x.localeCompare(y);
        if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y);  // nothing known: last
        return sign * (x - y);
      });
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      body.append(...rows);
    });
  });
}

for (const input of document.querySelectorAll("input[type=search]")) {
  const rows = [...document.getElementById(input.getAttribute("aria-controls")).tBodies[0].rows];
  const told = document.getElementById(input.getAttribute("aria-describedby"));
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    for (const row of rows) row.hidden = !row.cells[0].textContent.toLowerCase().includes(wanted);
    const shown = rows.filter((row) => !row.hidden).length;
    told.textContent = wanted ? `${shown} of ${rows.length} classes` : "";
  });
}

const map = document.querySelector(".map > svg");
if (map) {
  const points = [...map.querySelectorAll("circle")];
  const use = document.querySelector("#look use");
  const told = document.querySelector("#look p");
  let now = -1;
  const show = (next) => {
    if (now >= 0) points[now].classList.remove("on");
    now = next;
    const point = points[now];
    point.classList.add("on");
    use.setAttribute("href", `#d${point.dataset.d}`);
    told.textContent = point.dataset.words;
  };
  const nearest = (dx, dy) => {  // the closest point that lies that way
    const at = (point) => [point.cx.baseVal.value, point.cy.baseVal.value];
    const [x, y] = at(points[now]);
    let best = now, least = Infinity;
    points.forEach((point, i) => {
      const [u, v] = at(point);
      const along = (u - x) * dx + (v - y) * dy, across = Math.abs((u - x) * dy) + Math.abs((v - y) * dx);
      if (along > 0.01 && along + 2 * across < least) [best, least] = [i, along + 2 * across];
    });
    return best;
  };
  const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  show(0);
  map.addEventListener("pointerover", (event) => {
    const i = points.indexOf(event.target);
    if (i >= 0) show(i);
  });
  map.addEventListener("keydown", (event) => {
    if (!(event.key in ways)) return;
    event.preventDefault();
    show(nearest(...ways[event.key]));
  });
}

const matrix = document.getElementById("matrix");
const { names, cells } = JSON.parse(document.getElementById("cells").textContent);
const words = document.getElementById("matrix-words");
const within = (place) => Math.min(names.length - 1, Math.max(0, place));
let [row, column] = [0, 0];

function readOut() {
  const cell = cells[row].find(([k]) => k === column);
  const share = cell ? `${cell[1] / 10} %` : "under 0.5 %";
  words.textContent = `drawn ${names[row]}, said ${names[column]}: ${share}`;
}

function pointAt(event) {
  row = within(Math.floor((event.offsetY / matrix.clientHeight) * names.length));
  column = within(Math.floor((event.offsetX / matrix.clientWidth) * names.length));
  readOut();
}

matrix.addEventListener("pointermove", pointAt);
matrix.addEventListener("pointerdown", pointAt);
matrix.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
  if (!step) return;
  event.preventDefault();
  [row, column] = [within(row + step[0]), within(column + step[1])];
  readOut();
});
