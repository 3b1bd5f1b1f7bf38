"""A recogniser that knows what people taught into a file, whoever wrote that last: this server, another, an editor."""

import logging
from collections import defaultdict
from collections.abc import Sequence

import torch
from torch import Tensor

from inkseq.drawings.canonical import Rejected, read_drawing
from inkseq.drawings.ndjson import check_word
from inkseq.drawings.strokes import Drawn, Flat
from inkseq.inference.recogniser import Guess, Recogniser
from inkseq.serve.own import OwnDrawings, read

LOG = logging.getLogger(__name__)


class Pupil:
    """Asked and taught by one thread, so that both agree."""

    def __init__(self, recogniser: Recogniser, own: OwnDrawings) -> None:
        self.recogniser, self.own = recogniser, own
        self._seen: object = None
        self._known: dict[bytes, tuple[str, Tensor] | None] = {}  # line -> word and features_C; None where it is none

    def name(self, drawings: Sequence[Drawn], top: int) -> list[list[Guess]]:
        """The likeliest words of each, those taught up to now among them."""
        self.keep_up()
        return self.recogniser.guesses(self.recogniser.probabilities(drawings), top)

    def keep_up(self) -> None:
        """Know all that is in the file, and nothing else. Where it cannot be read all stays as it was."""
        if (stamp := self.own.stamp()) == self._seen:
            return
        self._seen = stamp
        try:
            lines = self.own.lines()
        except OSError:
            LOG.exception("%s cannot be read; what was taught before stays", self.own.path)
            return
        self._learn([line for line in dict.fromkeys(lines) if line not in self._known])
        self._known = {line: self._known[line] for line in lines}
        lessons = defaultdict(list)
        for known in filter(None, map(self._known.get, lines)):
            lessons[known[0]].append(known[1])
        self.recogniser.learn({word: torch.stack(features) for word, features in lessons.items()})

    def _learn(self, lines: list[bytes]) -> None:
        lessons = [(line, lesson) for line in lines if (lesson := to_lesson(line))]
        self._known |= dict.fromkeys(lines)
        if lessons:
            features_NC = self.recogniser.features([drawing for _, (_, drawing) in lessons])
            self._known |= {
                line: (word, features_C) for (line, (word, _)), features_C in zip(lessons, features_NC, strict=True)
            }


def to_lesson(line: bytes) -> tuple[str, Flat] | None:
    """A word and its drawing; None of what could not be trained on either."""
    try:
        return (check_word(row.word).strip(), read_drawing(row.drawing)) if (row := read(line)) else None
    except Rejected:
        return None
