"""The weights of a page: in whole numbers where nothing is lost by it."""

import numpy as np
import torch

from inkseq.inference.recogniser import Recogniser
from inkseq.serve.network import as_network, in_one_file, small


def test_what_was_kept_in_eight_bits_is_so_again() -> None:
    generator = torch.Generator().manual_seed(0)
    whole_RO = torch.randint(-127, 128, (90, 7), generator=generator)
    whole_RO[0] = 127
    weight_RO = whole_RO * torch.rand(7, generator=generator)
    weight_RO[:, 3] = 0
    kept = small("w", weight_RO)
    assert kept["w"].dtype is torch.int8
    torch.testing.assert_close(kept["w"] * kept["w.scale"], weight_RO, rtol=1e-6, atol=0)


def test_other_weights_stay_as_they_are() -> None:
    weight_RO = torch.randn(90, 7)
    assert small("w", weight_RO)["w"] is weight_RO


def test_arrays_lie_where_it_is_said() -> None:
    arrays = {"a": torch.arange(3, dtype=torch.int8), "b": torch.arange(2.0), "c": torch.arange(6.0).view(2, 3)}
    told, content = in_one_file(arrays)
    assert told["size"] == len(content)
    assert content[:16].decode() == told["digest"]
    for name, array in arrays.items():
        where = told["arrays"][name]
        found = np.frombuffer(content, where["kind"], where["length"], where["start"])
        assert found.tolist() == array.ravel().tolist()


def test_the_same_run_makes_the_same_file(looker: Recogniser) -> None:
    told, content = as_network(looker.run)
    assert as_network(looker.run) == (told, content)
    assert told["picture"]["size"] == 32
