"""Training steps, taken as a device takes them best: one operator after the other, or on a GPU captured and replayed.

A small network's step is hundreds of operators, each of which takes a GPU less time than it takes to launch. So all
that happens in a step once the host has said which drawings it is of is recorded as a CUDA graph, one for each padded
length, and then launched at once.
"""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from inkseq.data.batches import Batch, Batches, Draw, Share
from inkseq.train.learner import Learner
from inkseq.train.optim import pace

Work = Callable[[], None]


class Steps(Protocol):
    """How a run takes its steps. What `fetch` gives is the step's data, for `learn`."""

    about: str  # for people; nothing where there is nothing to choose

    def fetch(self, step: int) -> Any: ...

    def learn(self, step: int, data: Any, rate: float) -> tuple[Tensor, Tensor]:
        """The loss and the gradient's norm, which the next step may overwrite."""

    def notices(self) -> Iterator[str]:
        """What has come up since, said once."""


def choose_steps(batches: Batches, learner: Learner) -> Steps:
    """Captured steps where they can be, or else the reason why not."""
    if learner.device.type != "cuda":
        return EagerSteps(batches, learner)
    reasons = {
        "several ranks": learner.ranks.world > 1,
        "micro_batch": batches.largest_group is not None,
        "drawings that are not in the GPU's memory": not batches.drawings.is_here,
    }
    because = [reason for reason, holds in reasons.items() if holds]
    if because:
        return EagerSteps(batches, learner, f"steps are launched operator by operator, for {because[0]}")
    return CapturedSteps(batches, learner, CudaGraphs(learner.device, batches.generator))


class EagerSteps:
    """One operator after the other."""

    def __init__(self, batches: Batches, learner: Learner, about: str = "") -> None:
        self.fetch, self.learn, self.about = batches.step, learner.learn, about

    def notices(self) -> Iterator[str]:
        yield from ()


class Graphs(Protocol):
    """Work that is recorded in order to be done again."""

    def run(self, work: Work) -> None:
        """Do it as work is done that is to be recorded later."""

    def capture(self, work: Work) -> Work:
        """Record it; what comes back does it."""


class CudaGraphs:
    """CUDA graphs with one memory for all, since only one of them runs at a time."""

    def __init__(self, device: torch.device, generator: torch.Generator) -> None:
        self.stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self.pool, self.generator = torch.cuda.graph_pool_handle(), generator

    def run(self, work: Work) -> None:
        outside = torch.cuda.current_stream(self.stream.device)
        self.stream.wait_stream(outside)
        with torch.cuda.stream(self.stream):
            work()
        outside.wait_stream(self.stream)

    def capture(self, work: Work) -> Work:
        graph = torch.cuda.CUDAGraph()
        graph.register_generator_state(self.generator)  # the default one is there already
        outside = torch.cuda.current_stream(self.stream.device)
        try:
            with torch.cuda.graph(graph, pool=self.pool, stream=self.stream):
                work()
        except RuntimeError:  # leaves the stream as it was within, and generators that wait for its end
            torch.cuda.set_stream(outside)
            for generator in (torch.cuda.default_generators[self.stream.device.index], self.generator):
                generator.graphsafe_set_state(generator.clone_state())
            raise
        return graph.replay


class CapturedSteps:
    """Steps that are replayed. The first of each padded length is taken as it comes, which shows the libraries below
    what they will be asked for; before the second it is recorded. So no step is taken twice, or for nothing.

    A replay reads all that differs from step to step from one array: positions of the drawings, what each counts in
    the loss, the learning rate, and the pace of the average. The generators are seeded before as they always are.
    """

    def __init__(self, batches: Batches, learner: Learner, graphs: Graphs) -> None:
        self.batches, self.learner, self.graphs = batches, learner, graphs
        self.told_N = torch.zeros(2 * batches.batch_size + 2, dtype=torch.float64, device=learner.device)
        self.rate, self.pace, self.loss, self.norm = torch.zeros(4, device=learner.device)
        self.met: set[int] = set()  # padded lengths of which there was a step
        self.replays: dict[int, Work] = {}
        self.failure = ""
        self.about = f"steps are captured, one CUDA graph for each of {len(self.lengths)} padded lengths"

    @property
    def lengths(self) -> list[int]:
        assert self.batches.lengths is not None
        return [int(length) for length in self.batches.lengths]

    def fetch(self, step: int) -> Draw:
        (draw,) = self.batches.draws(step)
        return draw

    def learn(self, step: int, data: Draw, rate: float) -> tuple[Tensor, Tensor]:
        self.batches.seed_for(step)
        self.learner.seed_for(step)
        self.tell(data, rate, pace(step, self.learner.config.ema))
        length = data.num_points
        if length in self.met and length not in self.replays and not self.failure:
            self.capture(length)
        if length in self.replays:
            self.replays[length]()
        else:
            self.graphs.run(lambda: self.work(length))
            self.met.add(length)
        return self.loss, self.norm

    def tell(self, draw: Draw, rate: float, pace: float) -> None:
        """Send what the step needs to know; nobody waits for it."""
        size = len(draw.index_B)
        share_B = np.full(size, draw.share / size) if isinstance(draw.share, float) else draw.share
        told_N = torch.from_numpy(np.concatenate([draw.index_B, share_B, [rate, pace]]))
        self.told_N.copy_(told_N.pin_memory() if self.told_N.is_cuda else told_N, non_blocking=True)

    def work(self, num_points: int) -> None:
        """All of a step that happens on the device."""
        size = self.batches.batch_size
        index_B, share_B = self.told_N[:size].long(), self.told_N[size : 2 * size].float()
        self.rate.copy_(self.told_N[-2])
        self.pace.copy_(self.told_N[-1])
        group: tuple[Batch, Share] = self.batches.make(index_B, num_points), share_B
        loss, norm = self.learner.move([group], self.rate, self.pace)
        self.loss.copy_(loss)
        self.norm.copy_(norm)

    def capture(self, length: int) -> None:
        """Record the step of this length, or find out that steps cannot be."""
        try:
            self.replays[length] = self.graphs.capture(lambda: self.work(length))
        except RuntimeError as error:  # whatever CUDA or a library refuses, memory included; first of all it said why
            self.failure = str(error.__context__ or error).strip().splitlines()[0]
            self.replays.clear()
            self.learner.forget_step()

    def notices(self) -> Iterator[str]:
        if self.failure and self.about:
            self.about = ""
            yield f"warning: steps cannot be captured and are launched operator by operator: {self.failure}"
