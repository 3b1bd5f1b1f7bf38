// The network of inkseq/models/cnn.py as plain loops: tests hold one against the other. Pictures are channels last.

import { draw } from "./raster.js";
import { recogniser } from "./recogniser.js";

const EPSILON = 1e-5;
const at = [], value = [];  // of the inputs of a pixel that are not zero: where their weights are, and they themselves
const loading = load();

// { features, logits } of a canonical drawing.
export async function answer(points, pen) {
  const network = await loading, last = network.channels.length - 1;
  const layer = (name) => ({ weight: network.weights[`${name}.weight`], bias: network.weights[`${name}.bias`] });
  const edges = convolve(draw(network.picture, points, pen), layer("body.parts.0.0"), 2);
  let parts = { ...edges, data: edges.data.map((v) => Math.max(v, 0)) };
  for (let i = 1; i < last; i++) parts = stage(parts, (name) => layer(`body.parts.${i}.${name}`));
  const whole = stage(parts, (name) => layer(`body.whole.${name}`));
  const features = Float32Array.from([...pool(parts), ...pool(whole)]);
  return { features, logits: dense(features, layer("head")) };
}

// To half the pixels a side, and a residual block whose norms come first.
function stage(x, layer) {
  const begin = norm(convolve(x, layer("0"), 2), layer("1"));
  const inner = convolve(norm(begin, layer("3.change.0")), layer("3.change.2"), 1);
  const change = convolve(norm(inner, layer("3.change.3")), layer("3.change.6"), 1);
  return { ...begin, data: begin.data.map((v, i) => v + change.data[i]) };
}

// 3 x 3, with a pixel of zeros around.
function convolve({ data, side, channels }, { weight, bias }, stride) {
  const width = bias.length, smaller = Math.ceil(side / stride), out = new Float32Array(smaller * smaller * width);
  for (let y = 0, o = 0; y < smaller; y++) {
    for (let x = 0; x < smaller; x++, o += width) {
      let n = 0;
      for (let ky = 0; ky < 3; ky++) {
        const row = y * stride + ky - 1;
        if (row < 0 || row >= side) continue;
        for (let kx = 0; kx < 3; kx++) {
          const column = x * stride + kx - 1;
          if (column < 0 || column >= side) continue;
          n = gather(data, (row * side + column) * channels, channels, (3 * ky + kx) * channels * width, width, n);
        }
      }
      out.set(bias, o);
      add(out, o, width, weight, n);
    }
  }
  return { data: out, side: smaller, channels: width };
}

function dense(features, { weight, bias }) {
  const out = Float32Array.from(bias);
  add(out, 0, bias.length, weight, gather(features, 0, features.length, 0, bias.length, 0));
  return out;
}

// What is not zero, behind n others, and where its weights are; after a rectifier half is left out.
function gather(data, from, count, row, width, n) {
  for (let c = 0; c < count; c++) {
    const v = data[from + c];
    if (v !== 0) {
      at[n] = row + c * width;
      value[n++] = v;
    }
  }
  return n;
}

// out += value @ weight, four rows at a time, which is what makes it fast.
function add(out, o, width, weight, n) {
  while (n % 4) {
    at[n] = 0;
    value[n++] = 0;
  }
  for (let i = 0; i < n; i += 4) {
    const a = at[i], b = at[i + 1], c = at[i + 2], d = at[i + 3];
    const p = value[i], q = value[i + 1], r = value[i + 2], s = value[i + 3];
    for (let k = 0; k < width; k++) out[o + k] += p * weight[a + k] + q * weight[b + k] + r * weight[c + k] + s * weight[d + k];
  }
}

// Group norm of one group, over all that is seen of a drawing, and the rectifier (ReLU) behind it.
function norm(x, { weight, bias }) {
  const { data, channels } = x, out = new Float32Array(data.length);
  let sum = 0, squares = 0;
  for (const v of data) sum += v;
  const mean = sum / data.length;
  for (const v of data) squares += (v - mean) ** 2;
  const scale = 1 / Math.sqrt(squares / data.length + EPSILON);
  for (let i = 0, c = 0; i < data.length; i++, c = c + 1 < channels ? c + 1 : 0) {
    out[i] = Math.max((data[i] - mean) * scale * weight[c] + bias[c], 0);
  }
  return { ...x, data: out };
}

// Each channel's mean, then each one's maximum.
function pool({ data, channels }) {
  const mean = new Float32Array(channels), most = new Float32Array(channels).fill(-Infinity);
  data.forEach((v, i) => {
    mean[i % channels] += (v * channels) / data.length;
    most[i % channels] = Math.max(most[i % channels], v);
  });
  return [...mean, ...most];
}

// ------------------------------------------------------------------ weights
async function load() {
  const [{ network }, response] = await Promise.all([recogniser, fetch("recogniser.bin")]);
  if (!response.ok) throw new Error(`recogniser.bin: status ${response.status}`);
  const file = await response.arrayBuffer(), { size, digest, arrays } = network.file;
  const found = new TextDecoder().decode(file.slice(0, digest.length));
  if (file.byteLength !== size || found !== digest) throw new Error("recogniser.bin is cut short, or of another page; reload");
  const weights = {};
  for (const [name, { kind, start, length }] of Object.entries(arrays)) {
    weights[name] = kind === "int8" ? widen(new Int8Array(file, start, length), weights[`${name}.scale`]) : new Float32Array(file, start, length);
  }
  return { ...network, weights };
}

// A scale for each output channel, of which a row has one number each.
function widen(whole, scale) {
  const out = new Float32Array(whole.length), width = scale.length;
  for (let i = 0; i < out.length; i += width) for (let k = 0; k < width; k++) out[i + k] = whole[i + k] * scale[k];
  return out;
}
