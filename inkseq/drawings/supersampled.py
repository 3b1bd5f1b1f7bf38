"""A drawing as a picture, the plain way, for `raster.py` to be held against: many samples a pixel, inked or not."""

import numpy as np
from numpy.typing import NDArray

from inkseq.drawings.strokes import Flat

SAMPLES = 8  # a pixel, along each axis


def paint_plainly(drawing: Flat, size: int, width: float, margin: float) -> NDArray[np.float64]:
    """ink_YX: the share of each pixel's samples that lie within half a width of a line."""
    points, pen = drawing[0].astype(np.float64), drawing[1]
    low, high = points.min(0), points.max(0)
    scale = (size - 1 - 2 * margin) / max((high - low).max(), 1)
    points = (points - (low + high) / 2) * scale + (size - 1) / 2
    at_M = (np.arange(size * SAMPLES) + 0.5) / SAMPLES - 0.5
    sample_MM2 = np.stack(np.meshgrid(at_M, at_M), axis=-1)
    inked_MM = np.zeros(sample_MM2.shape[:2], bool)
    for i in range(len(points)):
        begins = i == 0 or pen[i - 1]
        start, way = points[i - 1 + begins], points[i] - points[i - 1 + begins]
        along_MM = np.clip((sample_MM2 - start) @ way / max(way @ way, 1e-9), 0, 1)
        inked_MM |= np.linalg.norm(sample_MM2 - start - along_MM[..., None] * way, axis=-1) <= width / 2
    ink_YX: NDArray[np.float64] = inked_MM.reshape(size, SAMPLES, size, SAMPLES).mean((1, 3))
    return ink_YX
