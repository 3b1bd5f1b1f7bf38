"""Generated parts of pages, and what is wrong with their markers."""

from pathlib import Path

import pytest

from inkseq.errors import UserError
from inkseq.record.pages import Parts, fill, question_of

HERE = Path("README.md")


def test_only_what_is_between_markers_changes() -> None:
    text = "a\n<!-- generated: x -->\nold\n<!-- end -->\nb <!-- no marker -->\n<!-- results: y z -->\n<!-- end -->"
    filled = "a\n<!-- generated: x -->\ngenerated: x!\n<!-- end -->\nb <!-- no marker -->\n"
    filled += "<!-- results: y z -->\nresults: y z!\n<!-- end -->"
    written: Parts = {"generated: x": lambda: "generated: x!", "results: y z": lambda: "results: y z!"}
    assert fill(text, written, HERE) == filled
    assert fill(filled, written, HERE) == filled
    assert fill("no part", {}, HERE) == "no part"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n<!-- end -->", r"README.md, line 2: <!-- end --> is out of place"),
        ("<!-- results: a -->\n<!-- results: b -->\n<!-- end -->", r"line 2: <!-- results: b --> is out of place"),
        ("<!-- results: a -->\n", r"README.md: behind <!-- results: a --> there is no <!-- end -->"),
        ("<!-- results: a -->\n<!-- end -->", r"<!-- results: a --> cannot be generated here; there is results: b; "),
    ],
)
def test_markers_out_of_place_are_named(text: str, expected: str) -> None:
    with pytest.raises(UserError, match=expected):
        fill(text, {"results: b": str}, HERE)


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("# A\n\n**Question.** Is it\nso? Or not.\n\n**Verdict.** Yes.", "Is it so?"),
        ("**Question.** What is 0.5 of it\n\nmore", "What is 0.5 of it"),
        ("**Question.** To the end", "To the end"),
        ("nothing asked", ""),
    ],
)
def test_a_question_is_its_first_sentence(text: str, question: str) -> None:
    assert question_of(text) == question
