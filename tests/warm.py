"""Imported by the process that commands are forked from: what each of them would load, or compile, for itself."""

import numpy as np

import inkseq.collect
import inkseq.convert.__main__
import inkseq.inspect
import inkseq.sweep.__main__
import inkseq.sweep.forkserver  # noqa: F401
from inkseq.cli import compose_config
from inkseq.config import ConvertConfig, SweepConfig, TrainConfig
from inkseq.drawings.scan import scan
from tests.samples import line

for schema, words in ((ConvertConfig, ["raw=a", "out=b"]), (SweepConfig, ["sweep=bilstm"]), (TrainConfig, ["data=a"])):
    compose_config(schema, words)
list(scan(np.frombuffer(line(), np.uint8), {}, False))
