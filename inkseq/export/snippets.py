"""The lines of a model card that run its file: in Python, and in a browser or node."""

from inkseq.export.graph import FromImages, Graph

ONNX = """\
```python
import json
import numpy as np
import onnxruntime
{imports}
session = onnxruntime.InferenceSession("{file}")
classes = json.loads(session.get_modelmeta().custom_metadata_map["classes"])

{made}
probability = session.run(["probability"], {feed})[0][0]
print(classes[probability.argmax()], probability.max())
```

In a browser or in node the same, with `onnxruntime-web` (the `wasm` backend):

```js
const session = await ort.InferenceSession.create("{file}")
const {{ probability }} = await session.run({{
{tensors}
}})
```"""

PT2 = """\
```python
import json
import torch
{imports}
extra = {{"inkseq.json": ""}}
program = torch.export.load("{file}", extra_files=extra).module()
classes = json.loads(json.loads(extra["inkseq.json"])["classes"])

{made}
with torch.inference_mode():
    probability = program({feed})[0]
print(classes[int(probability.argmax())], float(probability.max()))
```"""

DRAWING = """\
drawing = [[[0, 128, 255, 128, 0], [90, 0, 90, 180, 90]], [[64, 192], [90, 90]]]  # strokes [xs, ys], canonical
"""
POINTS_IN_NUMPY = """\
points = np.concatenate([np.array(stroke, np.float32).T for stroke in drawing])
pen = np.concatenate([[0] * (len(xs) - 1) + [1] for xs, ys in drawing]).astype(np.float32)
feed = {"points": points[None], "pen": pen[None], "length": np.array([len(points)], np.int64)}"""
POINTS_IN_TORCH = """\
points = torch.cat([torch.tensor(stroke).float().T for stroke in drawing])
pen = torch.cat([torch.arange(len(xs)) == len(xs) - 1 for xs, ys in drawing]).float()"""
POINTS_IN_JS = """\
  points: new ort.Tensor("float32", points, [1, n, 2]),             // Float32Array: x, y, x, y ...
  pen: new ort.Tensor("float32", pen, [1, n]),                      // Float32Array: 1 where a stroke ends
  length: new ort.Tensor("int64", BigInt64Array.of(BigInt(n)), [1]),"""

IMAGE = """\
grey = ImageOps.pad(Image.open("FILE.png").convert("L"), ({size}, {size}), color=255)  # dark ink on light paper
ink = 1 - np.asarray(grey, np.float32) / 255  # of light ink on dark paper: color=0, and no 1 -"""
IMAGE_IN_JS = """\
  image: new ort.Tensor("float32", ink, [1, {size}, {size}]),  // Float32Array, row by row: 0 is paper, 1 most ink"""
PIL = "from PIL import Image, ImageOps\n"


def lines_for(file: str, graph: Graph) -> str:
    """What runs this file, on a drawing or on an image."""
    is_onnx = file.endswith(".onnx")
    if isinstance(graph, FromImages):
        words = {
            "imports": PIL if is_onnx else f"import numpy as np\n{PIL}",
            "made": IMAGE.format(size=graph.size),
            "feed": '{"image": ink[None]}' if is_onnx else "torch.from_numpy(ink)[None]",
            "tensors": IMAGE_IN_JS.format(size=graph.size),
        }
    else:
        words = {
            "imports": "",
            "made": DRAWING + (POINTS_IN_NUMPY if is_onnx else POINTS_IN_TORCH),
            "feed": "feed" if is_onnx else "points[None], pen[None], torch.tensor([len(points)])",
            "tensors": POINTS_IN_JS,
        }
    return (ONNX if is_onnx else PT2).format(file=file, **words)
