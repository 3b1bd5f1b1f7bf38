"""The server: a page to draw on, and a JSON interface beside it."""

import asyncio
import collections
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from inkseq.drawings.padded import pad_together
from inkseq.drawings.pixels import put_on
from inkseq.drawings.strokes import Drawn, Flat
from inkseq.evaluate.explanation import tell_points
from inkseq.inference.recogniser import Recogniser
from inkseq.inference.runs import Run, read_scores
from inkseq.serve import assets as files
from inkseq.serve import requests as asks
from inkseq.serve.batcher import Batcher
from inkseq.serve.command import command
from inkseq.serve.limits import Rate
from inkseq.serve.openapi import describe
from inkseq.serve.own import OwnDrawings
from inkseq.serve.pupil import Pupil
from inkseq.serve.requests import Ask, AskWhy, Lesson, Refused
from inkseq.serve.thread import Worker

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
SHOWN = 200  # drawings of one's own that the page lists
# Who may wait at a time: to have a drawing explained or an image read, for the file of one's own.
MOST_EXPLAINING, MOST_READING, MOST_KEEPING = 8, 16, 64
LOG = logging.getLogger(__name__)
Handler = Callable[[Request], Awaitable[Response]]


class Server:
    """What the handlers share."""

    def __init__(self, recogniser: Recogniser, own: OwnDrawings, threshold: float, rate: float) -> None:
        self.recogniser, self.own, self.threshold = recogniser, own, threshold
        self.pupil = Pupil(recogniser, own)
        self.batcher, self.rate = Batcher(self.pupil), Rate(rate)
        self.explainer, self.keeper = Worker("explainer", MOST_EXPLAINING), Worker("own", MOST_KEEPING)
        self.reader = Worker("images", MOST_READING)  # one at a time, since the largest takes 260 MB
        self.body_within, self.answer_within = asks.BODY_WITHIN, asks.ANSWER_WITHIN
        self.registry = CollectorRegistry()
        self.requests = Counter("inkseq_requests", "Requests.", ["path", "status"], registry=self.registry)
        self.seconds = Histogram("inkseq_predict_seconds", "From request to answer.", registry=self.registry)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Answer until the end."""
        async with self.batcher.open():
            yield
        for worker in (self.explainer, self.reader, self.keeper):
            worker.close()

    def busy(self) -> bool:
        """Whether a thread would have to be torn away from what it does."""
        return any(worker.busy() for worker in (self.batcher.thread, self.explainer, self.reader, self.keeper))

    async def predict(self, request: Request) -> Response:
        begin = time.perf_counter()
        drawing, top = await self._asked(request)
        guesses = await self.batcher.ask(drawing, top)
        self.seconds.observe(time.perf_counter() - begin)
        lessons = self.recogniser.lessons
        said = [{"word": word, "probability": round(chance, 6), "taught": word in lessons} for word, chance in guesses]
        return answer({"guesses": said, "sure": guesses[0].probability >= self.threshold})

    async def _asked(self, request: Request) -> tuple[Drawn, int]:
        """What is to be named, and how many guesses are wanted."""
        side = self.recogniser.run.side
        if side and asks.content_type(request).startswith("image/"):
            image = await asks.read_body(request, self.body_within)
            return await self.reader.do(asks.to_ink, image, side), asks.GUESSES
        ask = await asks.read(request, Ask, self.body_within)
        return await asks.to_drawing(ask.strokes), ask.top

    async def explain(self, request: Request) -> Response:
        ask = await asks.read(request, AskWhy, self.body_within)
        run = self.recogniser.run
        if ask.word not in run.classes:
            raise Refused(422, "this recogniser does not know that word")
        points, pen = await asks.to_drawing(ask.strokes)
        if len(points) > asks.MOST_EXPLAINED:
            most = f"{asks.MOST_EXPLAINED:,} are the most that are explained"
            raise Refused(422, f"simplified the drawing has {len(points):,} points; {most}")
        credit_P = await self.explainer.do(self._credit, run, (points, pen), ask.word)
        if credit_P is None:
            raise Refused(501, "this recogniser cannot say which points mattered")
        parts = np.split(np.arange(len(points)), np.flatnonzero(pen)[:-1] + 1)
        credit = [[round(float(c), 4) for c in credit_P[part]] for part in parts]
        return answer({"strokes": [points[part].T.tolist() for part in parts], "credit": credit})

    def _credit(self, run: Run, drawing: Flat, word: str) -> NDArray[np.float32] | None:
        """credit_P, as in the report."""
        strokes = put_on(pad_together([drawing]), self.recogniser.device)
        word_B = torch.tensor([run.classes.index(word)], device=self.recogniser.device)
        ((credit_P, _, _),) = tell_points(run.model, strokes, word_B)
        return credit_P

    async def classes(self, request: Request) -> Response:
        run = self.recogniser.trained
        about = {"classes": run.classes, "threshold": self.threshold, "run": run.folder.name}
        about |= {"image_size": run.image_size, "command": command(self.own.path, run.folder)}
        return answer(about | {"scores": read_scores(run.folder)})

    async def teach(self, request: Request) -> Response:
        lesson = await asks.read(request, Lesson, self.body_within)
        word = asks.check_word(lesson.word)
        await asks.to_drawing(lesson.strokes)  # what could not be trained on is not kept
        key_id = await self.keeper.do(self.own.add, word, lesson.strokes)
        return answer({"key_id": key_id, "word": word}, 201)

    async def taught(self, request: Request) -> Response:
        rows = await self.keeper.do(self.own.rows)
        counts = collections.Counter(row.word for row in rows)
        return answer({"file": str(self.own.path), "counts": counts, "drawings": rows[-SHOWN:]})

    async def forget(self, request: Request) -> Response:
        if not await self.keeper.do(self.own.remove, request.path_params["key_id"]):
            raise Refused(404, "there is no such drawing")
        return Response(status_code=204)

    async def health(self, request: Request) -> Response:
        trouble = self.batcher.trouble()
        return answer({"error": trouble}, 503) if trouble else answer({"status": "ok"})

    async def metrics(self, request: Request) -> Response:
        return Response(generate_latest(self.registry), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def openapi(self, request: Request) -> Response:
        return answer(describe(self.recogniser.run.side is not None))

    async def file(self, request: Request) -> Response:
        content, kind = files.PAGE[request.url.path.lstrip("/") or "index.html"]
        return Response(content, media_type=kind)


def answer(content: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(content), status, media_type=asks.JSON)


def make_app(server: Server, hosts: list[str]) -> Starlette:
    """The application; `hosts` are the names it answers to ("*": any)."""

    def route(path: str, **handlers: Handler) -> Route:
        return Route(path, guarded(server, path, handlers), methods=list(handlers))

    routes = [
        route("/predict", POST=server.predict),
        route("/explain", POST=server.explain),
        route("/classes", GET=server.classes),
        route("/own", GET=server.taught, POST=server.teach),
        route("/own/{key_id}", DELETE=server.forget),
        route("/healthz", GET=server.health),
        route("/metrics", GET=server.metrics),
        route("/openapi.json", GET=server.openapi),
        *(route(f"/{name}", GET=server.file) for name in ("", *files.PAGE)),
    ]
    handlers: dict[Any, Any] = {HTTPException: plain_error}
    only = [Middleware(TrustedHostMiddleware, allowed_hosts=hosts)]
    return Starlette(routes=routes, exception_handlers=handlers, middleware=only, lifespan=lambda _: server.open())


def guarded(server: Server, path: str, handlers: dict[str, Handler]) -> Handler:
    """The method's handler within the client's rate and its time, what goes wrong as JSON, counted."""

    async def handle(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        response = await answer_to(request, server, handlers[method])
        response.headers.update(HEADERS)
        if response.status_code in (429, 503):
            response.headers["retry-after"] = "1"
        if response.status_code == 408:
            response.headers["connection"] = "close"  # the rest of the body is not waited for
        server.requests.labels(path, response.status_code).inc()
        return response

    return handle


async def answer_to(request: Request, server: Server, handler: Handler) -> Response:
    """What the handler says, or why it says nothing."""
    try:
        if not server.rate.take(request.client.host if request.client else ""):
            raise Refused(429, "too many requests; wait a second")
        async with asyncio.timeout(server.answer_within):
            return await handler(request)
    except Refused as refused:
        return answer({"error": refused.why}, refused.status)
    except TimeoutError:
        return answer({"error": f"there was no answer within {server.answer_within:g} seconds; try again"}, 503)
    except asyncio.CancelledError:  # by uvicorn, which has waited for long enough
        return answer({"error": "the server is stopping"}, 503)
    except Exception:
        LOG.exception("%s %s failed", request.method, request.url.path)
        return answer({"error": "something went wrong here; the server's log says what"}, 500)


async def plain_error(request: Request, error: HTTPException) -> Response:
    """What Starlette refuses itself: wrong paths and methods."""
    response = answer({"error": error.detail.lower()}, error.status_code)
    response.headers.update(HEADERS | dict(error.headers or {}))
    return response
