"""Which device and which precision, with the reason; and the ranks of a run on many devices."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
import torch.distributed as dist
from torch import Tensor

from inkseq.config import Precision
from inkseq.errors import UserError


def choose_device(name: str) -> torch.device:
    """`auto` is the rank's own GPU where there is one, or else Apple's."""
    if name == "auto" and torch.cuda.is_available():
        name = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
    elif name == "auto":
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise UserError(f"device={name}: say cpu, cuda, cuda:N or mps") from None
    if device.type == "cuda" and not torch.cuda.is_available():
        raise UserError(f"device={name}: this machine has no GPU that torch can use; device=cpu works everywhere")
    if not _is_there(device):
        raise UserError(f"device={name}: this machine has none; device=cpu works everywhere")
    return device


def _is_there(device: torch.device) -> bool:
    if device.type == "cuda":  # by number, since to touch one takes some of its memory, for as long as we run
        return (device.index or 0) < torch.cuda.device_count()
    try:
        torch.empty(0, device=device)
    except RuntimeError:
        return False
    return True


def cpu_name() -> str:
    """As Linux says it; elsewhere, and where Linux does not, what Python knows."""
    about = Path("/proc/cpuinfo")
    lines = about.read_text().splitlines() if about.exists() else []
    return next((line.split(": ")[1] for line in lines if line.startswith("model name")), platform.processor())


def choose_precision(wanted: Precision, device: torch.device) -> tuple[torch.dtype, str]:
    """The type matrices are multiplied in, and why. Weights, sums and losses are float32 throughout."""
    if wanted is not Precision.auto:
        return getattr(torch, wanted.name), "as asked for"
    if device.type == "cuda":
        if torch.cuda.is_bf16_supported(including_emulation=False):
            return torch.bfloat16, "this GPU multiplies it natively"
        return torch.float16, "this GPU has no native bfloat16"
    if device.type == "mps":
        return torch.float32, "nothing else was tried on Apple's GPUs"
    if torch.cpu._is_avx512_bf16_supported():
        return torch.bfloat16, "this CPU multiplies it natively"
    return torch.float32, "this CPU does not multiply bfloat16 natively"


def reads_in_bfloat16(device: torch.device) -> bool:
    """Whether a recurrent layer can compute in bfloat16: cuDNN's can from 9.13 on."""
    version: int | None = torch.backends.cudnn.version()  # type: ignore[no-untyped-call]
    return device.type != "cuda" or (version or 0) >= 91300


def send(tensor: Tensor, device: torch.device) -> Tensor:
    """The tensor on a device, which a GPU fetches when it comes to it."""
    if tensor.device == device:
        return tensor
    if device.type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


class Ranks(NamedTuple):
    """This process among those that torchrun started; rank 0 of 1 without it."""

    rank: int
    world: int

    @classmethod
    def join(cls, device: torch.device) -> "Ranks":
        world = int(os.environ.get("WORLD_SIZE", "1"))
        if world == 1:
            return cls(0, 1)
        if device.type == "cuda":
            torch.cuda.set_device(device)
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
        return cls(dist.get_rank(), world)

    def leave(self) -> None:
        if self.world > 1:
            dist.destroy_process_group()

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    @property
    def is_first_here(self) -> bool:
        """Of the ranks on this machine."""
        return os.environ.get("LOCAL_RANK", "0") == "0"

    def any(self, mine: bool, device: torch.device) -> bool:
        """Whether any rank says yes; every rank must ask at the same step."""
        return self.largest(float(mine), device) > 0

    @torch.no_grad()
    def average_(self, tensors: Sequence[Tensor]) -> None:
        """Each becomes the mean of the ranks', all in one message."""
        flat_N = torch.cat([tensor.flatten() for tensor in tensors])
        dist.all_reduce(flat_N)
        parts = torch.split(flat_N / self.world, [tensor.numel() for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view_as(tensor))

    def largest(self, mine: float, device: torch.device) -> float:
        """The largest of the ranks' numbers, on every rank."""
        if self.world == 1:
            return mine
        number = torch.tensor(mine, device=device)
        dist.all_reduce(number, dist.ReduceOp.MAX)
        return number.item()


ALONE = Ranks(0, 1)
