// A network of any family, which ONNX Runtime computes.

import * as ort from "./onnxruntime.js";

ort.env.wasm.numThreads = 1;  // more need headers that a plain web server does not send
ort.env.logLevel = "error";
const loading = ort.InferenceSession.create("recogniser.onnx");

// { features, logits } of a canonical drawing; the logits are those of the probabilities, up to what softmax forgets.
export async function answer(points, pen) {
  const session = await loading, n = pen.length;
  const { probability, features } = await session.run({
    points: new ort.Tensor("float32", Float32Array.from(points), [1, n, 2]),
    pen: new ort.Tensor("float32", Float32Array.from(pen), [1, n]),
    length: new ort.Tensor("int64", BigInt64Array.of(BigInt(n)), [1]),
  });
  return { features: features?.data, logits: probability.data.map((chance) => Math.log(Math.max(chance, 1e-37))) };
}
