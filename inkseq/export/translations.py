"""What PyTorch and ONNX write differently, to the bit where a last bit decides: on which line a dab of ink lies, which
way round a turn goes. Training knows nothing of it.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from onnx import TensorProto
from onnxscript import opset18

op: Any = opset18  # which PyTorch's own translations are written in


def searchsorted(sorted_BT: Any, value_BD: Any) -> Any:
    """How many are smaller: ONNX has no search."""
    smaller_BDT = op.Less(op.Unsqueeze(sorted_BT, [1]), op.Unsqueeze(value_BD, [2]))
    return op.ReduceSum(op.Cast(smaller_BDT, to=TensorProto.INT64), [2], keepdims=0)


def cumsum(x: Any, dim: int, dtype: int | None = None) -> Any:
    """PyTorch adds up in float64 and rounds each sum; what is whole stays so."""
    return op.Cast(op.CumSum(op.Cast(x, to=TensorProto.DOUBLE), op.Constant(value_int=dim)), to=x.dtype)


def norm(xy: Any, order: float, dim: list[int], keepdim: bool = False, dtype: int | None = None) -> Any:
    """The length of (x, y): PyTorch rounds x * x but not y * y before it adds them."""
    x, y = op.Slice(xy, [0], [1], [-1]), op.Cast(op.Slice(xy, [1], [2], [-1]), to=TensorProto.DOUBLE)
    square = op.Cast(op.Add(op.Cast(op.Mul(x, x), to=TensorProto.DOUBLE), op.Mul(y, y)), to=TensorProto.FLOAT)
    return op.Sqrt(square) if keepdim else op.Squeeze(op.Sqrt(square), [-1])


def hypot(x: Any, y: Any) -> Any:
    return op.Sqrt(op.Add(op.Mul(x, x), op.Mul(y, y)))


def atan2(y: Any, x: Any) -> Any:
    """As C's, with its signs of zero: right back is half a turn to the left or to the right."""
    pi, zero, one = (op.Constant(value_float=value) for value in (math.pi, 0.0, 1.0))
    half_turn = op.Where(op.Less(op.Div(one, y), zero), op.Neg(pi), pi)
    angle = op.Atan(op.Div(y, op.Abs(x)))
    return op.Where(op.Less(x, zero), op.Sub(half_turn, angle), angle)


TRANSLATIONS: dict[Callable[..., Any], Callable[..., Any]] = {
    torch.ops.aten.searchsorted.Tensor: searchsorted,
    torch.ops.aten.cumsum.default: cumsum,
    torch.ops.aten.linalg_vector_norm.default: norm,
    torch.ops.aten.hypot.default: hypot,
    torch.ops.aten.atan2.default: atan2,
}
