"""The interface in OpenAPI's words, made from the types that requests are checked by."""

from typing import Any

import msgspec

from inkseq.serve.requests import IMAGES, JSON, Ask, AskWhy, Lesson

PROBLEMS = {
    400: "not JSON",
    408: "the body was too slow",
    413: "the body is too large",
    415: "the content type is another",
    422: "not what is asked for, or no drawing",
    429: "too many requests",
    500: "something went wrong",
    501: "of a model that cannot be explained",
    503: "too many are waiting, or nobody answers",
}
ALWAYS = 429, 500, 503  # what anybody may be told
TEXT, NUMBER, TRUTH = {"type": "string"}, {"type": "number"}, {"type": "boolean"}
FILE = {"type": "string", "format": "binary"}


def describe(takes_images: bool) -> dict[str, Any]:
    (ask, ask_why, lesson), components = msgspec.json.schema_components(
        (Ask, AskWhy, Lesson), ref_template="#/components/schemas/{name}"
    )
    strokes = _list(_list(_list(NUMBER)))
    guess = _object({"word": TEXT, "probability": NUMBER, "taught": TRUTH})
    kept = _object({"key_id": TEXT, "word": TEXT, "drawing": strokes})
    credited = {"strokes": strokes, "credit": _list(_list(NUMBER))}
    metrics = {"200": _content("text/plain", TEXT), **_problems(*ALWAYS)}
    counts = {"type": "object", "additionalProperties": {"type": "integer"}}
    size = {"type": ["integer", "null"]}  # of the images it learnt from, pixels a side
    scores = {"type": ["object", "null"], "additionalProperties": NUMBER}  # how well each word is known, 0 to 1
    known = {"classes": _list(TEXT), "threshold": NUMBER, "run": TEXT, "image_size": size, "command": TEXT}
    known |= {"scores": scores}
    predict = _post("What is this drawing?", ask, 200, {"guesses": _list(guess), "sure": TRUTH})
    if takes_images:
        predict["requestBody"]["content"] |= {kind: {"schema": FILE} for kind in IMAGES}
    return {
        "openapi": "3.1.0",
        "info": {"title": "inkseq", "version": "1", "description": "Pen drawings, named from their strokes."},
        "paths": {
            "/predict": {"post": predict},
            "/explain": {"post": _post("Which points speak for a word?", ask_why, 200, credited)},
            "/own": {
                "post": _post("Teach a word by an example.", lesson, 201, {"key_id": TEXT, "word": TEXT}),
                "get": _get("What was taught.", {"file": TEXT, "counts": counts, "drawings": _list(kept)}),
            },
            "/own/{key_id}": {
                "delete": {
                    "summary": "Forget an example.",
                    "parameters": [{"name": "key_id", "in": "path", "required": True, "schema": TEXT}],
                    "responses": {"204": {"description": "forgotten"}, **_problems(404, *ALWAYS)},
                }
            },
            "/classes": {"get": _get("What can be named.", known)},
            "/healthz": {"get": _get("Whether the server is up.", {"status": TEXT})},
            "/metrics": {"get": {"summary": "Prometheus' text.", "responses": metrics}},
        },
        "components": {"schemas": components | {"Problem": _object({"error": TEXT})}},
    }


def _post(summary: str, asked: dict[str, Any], status: int, answered: dict[str, Any]) -> dict[str, Any]:
    return {
        "summary": summary,
        "requestBody": {"required": True, "content": {JSON: {"schema": asked}}},
        "responses": {str(status): _content(JSON, _object(answered)), **_problems(*PROBLEMS)},
    }


def _get(summary: str, answered: dict[str, Any]) -> dict[str, Any]:
    return {
        "summary": summary,
        "responses": {"200": _content(JSON, _object(answered)), **_problems(*ALWAYS)},
    }


def _problems(*statuses: int) -> dict[str, Any]:
    problem = {"$ref": "#/components/schemas/Problem"}
    said = PROBLEMS | {404: "there is none"}
    return {str(status): _content(JSON, problem, said[status]) for status in statuses}


def _content(kind: str, schema: dict[str, Any], description: str = "answered") -> dict[str, Any]:
    return {"description": description, "content": {kind: {"schema": schema}}}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}
