"""What the server is asked: the shapes of its JSON, checked before anything is done with it."""

import asyncio
from typing import Annotated, TypeVar

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from inkseq.drawings.canonical import Rejected, read_drawing
from inkseq.drawings.ndjson import UNPRINTABLE
from inkseq.drawings.scans import read_ink
from inkseq.drawings.strokes import Flat, Ink

MOST_BYTES = 1 << 20
MOST_POINTS, MOST_STROKES = 20_000, 1_000
FEW_POINTS = 300  # 0.1 ms to simplify as people draw
JSON, IMAGES = "application/json", ("image/png", "image/jpeg", "image/tiff")  # content types
GUESSES = 5
MOST_EXPLAINED = 1_000  # points of a simplified drawing, ten times what people draw: a second or two
BODY_WITHIN, ANSWER_WITHIN = 10.0, 20.0  # seconds; the answer from when the headers are there

Column = Annotated[list[float], msgspec.Meta(min_length=1)]
StrokeList = Annotated[
    list[Column],
    msgspec.Meta(min_length=2, max_length=3, description="[xs, ys] or [xs, ys, times], equally many of each"),
]
StrokeLists = Annotated[list[StrokeList], msgspec.Meta(min_length=1, max_length=MOST_STROKES)]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Top = Annotated[int, msgspec.Meta(ge=1, le=1000)]


class Refused(Exception):  # noqa: N818 - not an error of the program
    """A request that is not answered: the status code, and a line that says why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


class Ask(msgspec.Struct, forbid_unknown_fields=True):
    """What is this drawing?"""

    strokes: StrokeLists
    top: Top = GUESSES


class AskWhy(msgspec.Struct, forbid_unknown_fields=True):
    """Which points of this drawing speak for this word?"""

    strokes: StrokeLists
    word: Word


class Lesson(msgspec.Struct, forbid_unknown_fields=True):
    """This drawing is an example of this word."""

    strokes: StrokeLists
    word: Word


Asked = TypeVar("Asked", Ask, AskWhy, Lesson)


async def read(request: Request, what: type[Asked], within: float) -> Asked:
    """The body of a request, which must be JSON of this shape."""
    if content_type(request) != JSON:
        raise Refused(415, f"the content type has to be {JSON}")
    return decode(await read_body(request, within), what)


def content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_body(request: Request, within: float) -> bytes:
    """All of it, if it comes within so many seconds."""
    try:
        return await asyncio.wait_for(_body(request), within)
    except TimeoutError:
        raise Refused(408, f"the body did not come within {within:g} seconds") from None


def decode(body: bytes, what: type[Asked]) -> Asked:
    """A body as JSON of this shape."""
    try:
        return msgspec.json.decode(body, type=what)
    except msgspec.ValidationError as error:
        raise Refused(422, str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(400, f"this is not JSON: {error}") from None


async def _body(request: Request) -> bytes:
    """All of it, or as much as shows that it is too much."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BYTES:
                raise Refused(413, f"more than {MOST_BYTES:,} bytes")
    except ClientDisconnect:
        raise Refused(400, "the body broke off") from None
    return bytes(body)


async def to_drawing(strokes: list[list[list[float]]]) -> Flat:
    """Canonical points and pen, by the steps of training. A thread is asked only where it takes longer than to ask."""
    if (count := sum(len(stroke[0]) for stroke in strokes)) > MOST_POINTS:
        raise Refused(422, f"{count:,} points; {MOST_POINTS:,} are the most")
    try:
        return read_drawing(strokes) if count <= FEW_POINTS else await run_in_threadpool(read_drawing, strokes)
    except Rejected as reason:
        raise Refused(422, str(reason)) from None


def to_ink(image: bytes, side: int) -> Ink:
    """What a file shows, as `convert` reads it."""
    try:
        return read_ink(image, side)
    except Rejected as reason:
        raise Refused(422, str(reason)) from None


def check_word(word: str) -> str:
    """The word without spaces around it, as `convert` takes words."""
    word = word.strip()
    if not word or UNPRINTABLE.search(word):
        raise Refused(422, "the word is empty" if not word else "the word has unprintable characters")
    return word
