// What a screen reader says of what happens on the paper: once each, and not while it goes on changing.

const REST = 1000;  // milliseconds in which nothing new came
const said = document.getElementById("said");
let waiting;

export function say(text) {
  clearTimeout(waiting);
  if (said.textContent !== text) said.textContent = text;  // or the same would be said again
}

export function sayOnceAtRest(text) {
  clearTimeout(waiting);
  waiting = setTimeout(() => say(text), REST);
}
