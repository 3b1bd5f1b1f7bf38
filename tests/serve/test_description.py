"""The interface is what its description says: schemathesis makes requests of it and judges the answers."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import from_schema
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished
from schemathesis.hooks import HookContext

import inkseq
from inkseq.inference.recogniser import Recogniser
from inkseq.serve.app import Server, make_app
from inkseq.serve.own import OwnDrawings

# 422 to what is as described: JSON Schema cannot say that what is drawn has no end, or that a word is no more than
# spaces. The phase left out follows links from answer to request, of which there are none but key_ids.
SETTINGS = """
[generation]
deterministic = true
max-examples = 30
database = "none"

[phases]
stateful.enabled = false

[checks]
positive_data_acceptance.expected-statuses = ["2xx", "404", "422"]
"""
RIGHT = {("POST /predict", 200), ("POST /explain", 200), ("POST /own", 201), ("DELETE /own/{key_id}", 204)}


@pytest.mark.slow
@pytest.mark.parametrize("learnt", ["strokes", "images"])
def test_answers_are_as_described(learnt: str, recogniser: Recogniser, of_scans: Path, tmp_path: Path) -> None:
    """By the engine, not by its plugin for pytest, of which pytest 9 and xdist run one operation only."""
    asked = recogniser if learnt == "strokes" else inkseq.load(of_scans)
    server = Server(asked, OwnDrawings(tmp_path / "own.ndjson"), threshold=0.5, rate=1e9)
    app, config = make_app(server, ["testserver"]), SchemathesisConfig.from_str(SETTINGS)
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=config)
    schema.hook("map_body")(partial(as_a_drawing, asked.classes[-1]))
    wrong: list[str] = []
    answered: set[tuple[str | None, int]] = set()
    for event in from_schema(schema).execute():
        assert not isinstance(event, NonFatalError | FatalError), event
        if isinstance(event, ScenarioFinished):
            checks = [check for some in event.recorder.checks.values() for check in some]
            wrong += [f"{event.label}: {check.failure_info}" for check in checks if check.failure_info]
            responses = [asked.response for asked in event.recorder.interactions.values()]
            answered |= {(event.label, response.status_code) for response in responses if response}
    assert wrong == []
    assert answered >= RIGHT


def as_a_drawing(word: str, context: HookContext, body: Any) -> Any:
    """What JSON Schema cannot ask for: a word that is known, and as many x as y. Nothing that is wrong gets lost."""
    if not isinstance(body, dict):
        return body
    explain = context.operation is not None and context.operation.path == "/explain"
    if explain and isinstance(body.get("word"), str) and 0 < len(body["word"]) <= 100:
        body["word"] = word
    if isinstance(body.get("strokes"), list):
        for stroke in body["strokes"]:
            if isinstance(stroke, list) and all(isinstance(column, list) for column in stroke):
                longest = max(map(len, stroke), default=0)
                for column in stroke:
                    column += column[-1:] * (longest - len(column))
    return body
