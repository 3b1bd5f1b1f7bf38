"""The usual way to train on drawings of many lengths, to be measured against: batches as they come (or of equal
lengths), padded, packed for the LSTM, float32. Run as a program of its own, in the state torch starts in:

    python -m inkseq.bench.usual DATA random|bucketed
    python -m inkseq.bench.usual DATA loaded DEVICE     # by worker processes, one drawing at a time
"""

import os
import sys
import time

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from torch.optim import Optimizer
from torch.utils.data import DataLoader, Dataset

from inkseq.data.packed import open_strokes
from inkseq.models.rows import to_sequence

BATCH, WARM, TIMED = 256, 1, 4
WORKERS, SECONDS = min(os.cpu_count() or 1, 8), 20.0


class PackedLSTM(nn.Module):
    """The tutorial's network, its LSTM fed with packed sequences."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        widths, kernels = (3, 48, 64, 96), (5, 5, 3)
        self.convs = nn.ModuleList(
            nn.Conv1d(a, b, k, padding="same") for a, b, k in zip(widths, widths[1:], kernels, strict=False)
        )
        self.dropout = nn.Dropout(0.3)
        self.lstm = nn.LSTM(96, 128, 3, batch_first=True, bidirectional=True, dropout=0.3)
        self.head = nn.Linear(256, num_classes)

    def forward(self, x_BTC: Tensor, length_B: Tensor) -> Tensor:
        h_BCT = x_BTC.mT
        for number, conv in enumerate(self.convs):
            h_BCT = conv(self.dropout(h_BCT) if number else h_BCT)
        packed = pack_padded_sequence(h_BCT.mT, length_B, batch_first=True, enforce_sorted=False)
        h_BTH, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        logits_BK: Tensor = self.head(h_BTH.sum(1))
        return logits_BK


def measure(path: str, order: str) -> float:
    """Drawings trained on a second."""
    torch.manual_seed(0)
    data = open_strokes(path)
    rng = np.random.default_rng(0)
    indices = rng.permutation(len(data))
    lengths = np.diff(data.offsets)
    if order == "bucketed":
        batches = np.array_split(indices[np.argsort(lengths[indices], kind="stable")], len(data) // BATCH)
        # Evenly from short to long, without the very longest: those take minutes, for packing is quadratic in length.
        quantiles = (np.arange(TIMED) + 0.5) / TIMED
        chosen = [batches[len(batches) // 2], *(batches[int(q * len(batches))] for q in quantiles)]
    else:
        chosen = list(indices[: BATCH * (WARM + TIMED)].reshape(-1, BATCH))
    model = PackedLSTM(len(data.classes))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    seconds, done = 0.0, 0
    for number, batch in enumerate(chosen):
        rows = [torch.from_numpy(to_sequence(*data.drawing(int(i)))[1:]) for i in batch]
        x_BTC = nn.utils.rnn.pad_sequence(rows, batch_first=True)
        length_B = torch.tensor([len(r) for r in rows])
        label_B = torch.from_numpy(data.labels[np.sort(batch)].astype(np.int64))
        start = time.perf_counter()
        learn(model, optimizer, x_BTC, length_B, label_B)
        if number >= WARM:
            seconds += time.perf_counter() - start
            done += len(batch)
    return done / seconds


def learn(model: nn.Module, optimizer: Optimizer, x_BTC: Tensor, length_B: Tensor, label_B: Tensor) -> None:
    loss = cross_entropy(model(x_BTC, length_B), label_B)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(model.parameters(), 9.0)
    optimizer.step()
    optimizer.zero_grad()


class Rows(Dataset[tuple[Tensor, int]]):
    """A drawing at a time."""

    def __init__(self, path: str) -> None:
        self.data = open_strokes(path)

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return torch.from_numpy(to_sequence(*self.data.drawing(index))[1:]), int(self.data.labels[index])


def collate(drawings: list[tuple[Tensor, int]]) -> tuple[Tensor, Tensor, Tensor]:
    rows, labels = zip(*drawings, strict=True)
    padded_BTC = nn.utils.rnn.pad_sequence(list(rows), batch_first=True)
    return padded_BTC, torch.tensor([len(one) for one in rows]), torch.tensor(labels)


def measure_loaded(path: str, name: str) -> float:
    """Drawings trained on a second, behind a quarter of as much to warm up."""
    torch.manual_seed(0)
    device, dataset = torch.device(name), Rows(path)
    loader = DataLoader(
        dataset, BATCH, shuffle=True, num_workers=WORKERS, collate_fn=collate, pin_memory=device.type == "cuda"
    )
    model = PackedLSTM(len(dataset.data.classes)).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    start, warm, done = time.perf_counter(), 0, 0
    for x_BTC, length_B, label_B in loader:
        learn(model, optimizer, x_BTC.to(device), length_B, label_B.to(device))  # packing wants lengths on the host
        done += len(label_B)
        if time.perf_counter() - start > (SECONDS if warm else SECONDS / 4):
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            if warm:
                break
            start, warm = time.perf_counter(), done
    return (done - warm) / (time.perf_counter() - start)


if __name__ == "__main__":
    path, order, *device = sys.argv[1:]
    print(measure_loaded(path, device[0]) if order == "loaded" else measure(path, order))
