"""What changes as a run learns, and how one step changes it."""

import copy
from contextlib import nullcontext
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.parallel import DistributedDataParallel

from inkseq.config import Loss, TrainConfig
from inkseq.data.batches import Batch, Batches, Share, batch_of
from inkseq.data.kinds import load_split
from inkseq.data.packed import Packed
from inkseq.data.resident import Drawings
from inkseq.data.sampling import Sampler, count_labels, make_sampler
from inkseq.devices import Ranks, choose_device, choose_precision, reads_in_bfloat16
from inkseq.memory import keep_freed_memory
from inkseq.models.contract import Answers, Model
from inkseq.models.zoo import make_model
from inkseq.train.losses import Weigh, class_balanced, focal, logit_adjusted
from inkseq.train.optim import clip_, follow, make_optimizer, pace, share_unmoved
from inkseq.train.resume import HEAD, start_from
from inkseq.train.teacher import open_teacher, taught


class Answering(nn.Module):
    """A model as ranks exchange gradients of it, by calling it."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model, self.forward = model, model.answers


def judge(
    answers: Answers,
    label_B: Tensor,
    share: Share,
    smoothing: float,
    weigh: Weigh | None = None,
    told_BK: Tensor | None = None,
    beside_K: Tensor | None = None,
) -> Tensor:
    """The loss of a group that counts for so much, or of which each drawing does; its answers as `weigh` says.

    `told_BK` are a teacher's logits, `beside_K` what is added to those of the model.
    """
    logits_MK, drawing_M, weight_M = answers
    label_M = label_B if drawing_M is None else label_B[drawing_M]
    adjusted_MK = logits_MK.float() if beside_K is None else logits_MK.float() + beside_K
    loss_of = partial(cross_entropy, adjusted_MK, label_M, label_smoothing=smoothing)
    if isinstance(share, float) and weight_M is None and weigh is None and told_BK is None:
        return share * loss_of()
    loss_M = loss_of(reduction="none")
    if told_BK is not None:
        loss_M = taught(loss_M, logits_MK, told_BK if drawing_M is None else told_BK[drawing_M])
    if weigh is not None:
        loss_M = loss_M * weigh(logits_MK.float(), label_M)
    if isinstance(share, float):
        share_M = loss_M.new_full(loss_M.shape, share / len(label_B))
    else:
        share_M = share if drawing_M is None else share[drawing_M]
    return (share_M if weight_M is None else share_M * weight_M) @ loss_M


class Learner:
    """The weights, their average, the optimiser's memory and the loss scale."""

    def __init__(
        self,
        config: TrainConfig,
        classes: list[str],
        device: torch.device,
        dtype: torch.dtype,
        ranks: Ranks,
        fresh: bool = True,  # else it gets its weights from `load`
        weigh: Weigh | None = None,  # what each answer counts in the loss
        beside_K: Tensor | None = None,  # what is added to logits in the loss
    ) -> None:
        self.config, self.device, self.dtype, self.ranks = config, device, dtype, ranks
        self.weigh, self.beside_K = weigh, beside_K
        torch.manual_seed(config.seed)
        self.model = make_model(config.model, len(classes)).to(device)
        self.origin = self._begin(classes) if fresh else ""
        self.teacher = open_teacher(config.distil_from, classes).to(device) if config.distil_from else None
        for name, parameter in self.model.named_parameters():
            parameter.requires_grad = bool(HEAD.match(name)) or not config.freeze
        self.average = copy.deepcopy(self.model) if config.ema > 0 else None
        self.optimizer = make_optimizer(self.model, config.optim)
        self.scaler = self._make_scaler()
        # No rank takes over the first one's buffers as a step begins, which would leave each to evaluate with its own:
        # what batch norm keeps is averaged as a step ends, in `move`.
        parallel = partial(DistributedDataParallel, broadcast_buffers=False)
        self.net = parallel(Answering(self.model)) if ranks.world > 1 else self.model.answers
        self.statistics = [buffer for name, buffer in self.model.named_buffers() if ".running_" in name]

    def _begin(self, classes: list[str]) -> str:
        """Weights that are not drawn by lot, if there are to be such; says whose they are."""
        if self.config.init_from:
            return start_from(self.config.init_from, self.config, self.model, classes)
        return self.model.begin()

    @property
    def best_model(self) -> Model:
        """What is evaluated and kept: the averaged weights where there are any."""
        return self.average or self.model

    def learn(self, step: int, groups: list[tuple[Batch, Share]], rate: float) -> tuple[Tensor, Tensor]:
        """One step on a batch, given as groups with their shares of the loss; the loss and the gradient's norm."""
        self.seed_for(step)
        return self.move(groups, rate, pace(step, self.config.ema))

    def seed_for(self, step: int) -> None:
        """Whatever is drawn by lot from here on depends on the seed and the step alone, so that a run that was stopped
        goes on to the same bits."""
        torch.manual_seed((self.config.seed * 1_000_003 + step) * 4099 + self.ranks.rank)

    def move(
        self, groups: list[tuple[Batch, Share]], rate: float | Tensor, pace: float | Tensor
    ) -> tuple[Tensor, Tensor]:
        """What a GPU does in a step. Nothing here waits for it, and what differs from step to step may lie there."""
        self.model.train()
        loss = torch.zeros((), device=self.device)
        for number, (batch, share) in enumerate(groups):
            with self._no_exchange(number < len(groups) - 1):
                loss += self._add_gradients(batch, share)
        self.scaler.unscale_(self.optimizer)
        norm = clip_(self.model.parameters(), self.config.optim.clip)
        for settings in self.optimizer.param_groups:
            settings["lr"] = rate
        # Fused optimisers look at this flag on the device: a step that went wrong changes no weight.
        self.optimizer.found_inf = (norm - norm != 0).float()  # type: ignore[attr-defined]
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)
        if self.ranks.world > 1 and self.statistics:  # batch norm's: each rank has seen its own drawings
            self.ranks.average_(self.statistics)
        if self.average is not None:
            follow(self.average, self.model, pace)
        return loss, norm

    def forget_step(self) -> None:
        """Leave nothing of a step that broke off."""
        self.optimizer.zero_grad(set_to_none=True)
        scale, self.scaler = self.scaler.state_dict(), self._make_scaler()
        self.scaler.load_state_dict(scale)

    def _make_scaler(self) -> torch.amp.GradScaler:
        return torch.amp.GradScaler(self.device.type, enabled=needs_scale(self.dtype, self.device))

    def _add_gradients(self, batch: Batch, share: Share) -> Tensor:
        with torch.autocast(self.device.type, self.dtype, enabled=self.dtype is not torch.float32):
            answers = self.net(batch.drawings)
            told_BK = self._ask_teacher(batch)
        loss = judge(answers, batch.label_B, share, self.config.label_smoothing, self.weigh, told_BK, self.beside_K)
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    @torch.no_grad()
    def _ask_teacher(self, batch: Batch) -> Tensor | None:
        """What it makes of the drawings as they are learnt from, augmented."""
        return None if self.teacher is None else self.teacher(batch.drawings)

    def _no_exchange(self, hold: bool) -> Any:
        """Ranks exchange gradients once a step, behind its last group."""
        return self.net.no_sync() if hold and isinstance(self.net, DistributedDataParallel) else nullcontext()

    @property
    def vanished(self) -> float:
        """The share of weights whose gradient may have vanished in float16; waits for a GPU."""
        return share_unmoved(self.optimizer) if self.scaler.is_enabled() else 0.0

    def state(self) -> dict[str, Any]:
        return {
            "model": self.model.state_dict(),
            "average": self.average.state_dict() if self.average is not None else None,
            "optimizer": self.optimizer.state_dict(),
            "scaler": self.scaler.state_dict(),
        }

    def load(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        for settings in self.optimizer.param_groups:
            settings["capturable"] = self.device.type == "cuda"  # wherever the run began
        if state["scaler"]:  # nothing, where it began on a device that needs none
            self.scaler.load_state_dict(state["scaler"])


def needs_scale(dtype: torch.dtype, device: torch.device) -> bool:
    """Whether anything is computed in float16, whose gradients vanish unless the loss is scaled, by powers of two."""
    return dtype is torch.float16 or (dtype is torch.bfloat16 and not reads_in_bfloat16(device))


def make_weigh(loss: Loss, train: Drawings) -> Weigh | None:
    """What answers count in the loss; None where they count alike."""
    if loss is Loss.class_balanced:
        return class_balanced(torch.from_numpy(count_labels(train.label_N, len(train.classes))), train.device)
    return focal if loss is Loss.focal else None


def make_beside(loss: Loss, sampler: Sampler, num_classes: int, device: torch.device) -> Tensor | None:
    """What is added to logits in the loss; None where nothing is."""
    if loss is not Loss.logit_adjusted:
        return None
    return logit_adjusted(torch.from_numpy(sampler.draws(num_classes)), device)


def set_up(config: TrainConfig, data: Packed, ranks: Ranks, fresh: bool = True) -> tuple[Batches, Learner, str]:
    """What every command that takes training steps begins with; and why it computes in the precision it does."""
    keep_freed_memory()
    device = choose_device(config.device)
    dtype, reason = choose_precision(config.precision, device)
    drawings, sampler = load_split(data, "train", device), make_sampler(config, data)
    in_loss = make_weigh(config.loss, drawings), make_beside(config.loss, sampler, len(data.classes), device)
    learner = Learner(config, data.classes, device, dtype, ranks, fresh, *in_loss)
    how = batch_of(config), config.seed, config.augment, config.micro_batch
    few_shapes = device.type == "cuda"
    return Batches(drawings, *how, *ranks, sampler, learner.model.num_steps, few_shapes), learner, reason
