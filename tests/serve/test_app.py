"""The JSON interface: right answers to right questions, a line and a 4xx to all others."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from inkseq.data.packed import open_strokes
from inkseq.drawings.strokes import unflatten
from inkseq.inference.recogniser import Recogniser
from inkseq.serve.app import MOST_EXPLAINING, Server, make_app
from inkseq.serve.limits import Rate
from inkseq.serve.own import OwnDrawings
from inkseq.serve.requests import MOST_BYTES, MOST_EXPLAINED, MOST_POINTS, MOST_STROKES
from tests.serve.conftest import Served

JSON = {"content-type": "application/json"}
ZIGZAG: list[list[list[float]]] = [[[0, 40, 80, 120, 160, 200, 255], [0, 90, 0, 90, 0, 90, 0]]]
LINE = [[[0, 100, 200], [0, 50, 9]]]


def test_guesses_are_those_of_the_library(served: Served, packed: Path) -> None:
    data = open_strokes(packed)
    for i in range(0, 60, 7):
        strokes = unflatten(*data.drawing(i))
        response = served.client.post("/predict", json={"strokes": strokes, "top": 3})
        assert response.status_code == 200
        expected = served.server.recogniser.predict(strokes, top=3)
        guesses = response.json()["guesses"]
        assert [one["word"] for one in guesses] == [one.word for one in expected]
        assert [one["probability"] for one in guesses] == pytest.approx([one.probability for one in expected], abs=1e-5)
        assert response.json()["sure"] == (expected[0].probability >= 0.5)


def test_those_who_ask_together_are_answered_each_their_own(served: Served, packed: Path) -> None:
    data = open_strokes(packed)
    many = [unflatten(*data.drawing(i)) for i in range(80)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda strokes: served.client.post("/predict", json={"strokes": strokes}).json(), many))
    for strokes, answer in zip(many, answers, strict=True):
        assert answer["guesses"][0]["word"] == served.server.recogniser.predict(strokes)[0].word
    assert max(served.server.batcher.answered_together) > 1


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (b"", 400, "not JSON"),
        (b"{", 400, "not JSON"),
        (b"\xff\xfe", 400, "not JSON"),
        (b"[" * 100_000, 422, "Expected `object`"),
        (b'{"strokes":' + b"[" * 100_000, 422, "array"),
        (b'{"strokes":[[[NaN],[1]]]}', 400, "not JSON"),
        (b'{"strokes":[[[1e999],[1]]]}', 422, "range"),
        (b'{"strokes":[[[1e300, 2],[1, 2]]]}', 422, "too large"),
        (b"{}", 422, "missing required field `strokes`"),
        (b'{"strokes":[]}', 422, "length >= 1"),
        (b'{"strokes":[[[],[]]]}', 422, "length >= 1"),
        (b'{"strokes":[[[1,2],[1]]]}', 422, "different length"),
        (b'{"strokes":[[[1]]]}', 422, "length >= 2"),
        (b'{"strokes":"cat"}', 422, "got `str`"),
        (b'{"strokes":[[["1"],[2]]]}', 422, "got `str`"),
        (b'{"strokes":[[[true],[2]]]}', 422, "got `bool`"),
        (b'{"strokes":[[[0,9],[0,9]]],"top":0}', 422, ">= 1"),
        (b'{"strokes":[[[0,9],[0,9]]],"and":1}', 422, "unknown field `and`"),
    ],
)
def test_nonsense_is_refused_in_a_line(served: Served, body: bytes, status: int, error: str) -> None:
    response = served.client.post("/predict", content=body, headers=JSON)
    assert response.status_code == status
    assert error in response.json()["error"]
    assert "\n" not in response.json()["error"]
    assert served.client.post("/predict", json={"strokes": LINE}).status_code == 200


def test_what_is_too_much_is_refused(served: Served) -> None:
    long = [0] * (MOST_POINTS + 1)
    assert served.client.post("/predict", json={"strokes": [[long, long]]}).status_code == 422
    many = [[[0], [0]]] * (MOST_STROKES + 1)
    assert served.client.post("/predict", json={"strokes": many}).status_code == 422
    response = served.client.post("/predict", content=b" " * (MOST_BYTES + 1), headers=JSON)
    assert (response.status_code, response.json()["error"]) == (413, f"more than {MOST_BYTES:,} bytes")
    assert served.client.post("/predict", content=b"{}", headers={"content-type": "text/plain"}).status_code == 415
    assert served.client.post("/predict", content=b"{}").status_code == 415


@pytest.mark.parametrize(
    "path", ["/nothing", "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2fapp.py", "/app.py", "/own/../app.py"]
)
def test_no_file_of_the_disk_can_be_reached(served: Served, path: str) -> None:
    assert served.client.get(path).status_code in (404, 405)


def test_the_page_and_its_guards(served: Served) -> None:
    page = served.client.get("/")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
    for name in ("app.js", "style.css"):
        assert served.client.get(f"/{name}").status_code == 200
    assert "access-control-allow-origin" not in served.client.get("/classes", headers={"origin": "http://evil"}).headers
    assert served.client.get("/classes", headers={"host": "evil.example"}).status_code == 400
    assert served.client.delete("/predict").status_code == 405


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/predict", {"POST"}),
        ("DELETE", "/own", {"GET", "HEAD", "POST"}),
        ("GET", "/own/7", {"DELETE"}),
        ("POST", "/app.js", {"GET", "HEAD"}),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(served: Served, method: str, path: str, allowed: set[str]) -> None:
    response = served.client.request(method, path)
    assert response.status_code == 405
    assert set(response.headers["allow"].split(", ")) == allowed
    assert served.client.head("/own").status_code == served.client.head("/app.js").status_code == 200


def test_credit_is_told_for_every_point(served: Served, packed: Path) -> None:
    data = open_strokes(packed)
    strokes = unflatten(*data.drawing(2))
    word = served.server.recogniser.classes[0]
    answer = served.client.post("/explain", json={"strokes": strokes, "word": word}).json()
    assert [list(map(len, stroke)) for stroke in answer["strokes"]] == [[len(c)] * 2 for c in answer["credit"]]
    assert answer["strokes"] == strokes
    assert np.abs(np.concatenate(answer["credit"])).max() > 0
    response = served.client.post("/explain", json={"strokes": strokes, "word": "nothing"})
    assert response.status_code == 422


def test_what_a_model_that_looks_saw_is_told_of_its_points(looker: Recogniser, packed: Path, tmp_path: Path) -> None:
    data, server = open_strokes(packed), Server(looker, OwnDrawings(tmp_path / "own.ndjson"), 0.5, 10_000)
    with TestClient(make_app(server, ["testserver"])) as client:
        for i in (2, 70):
            strokes = unflatten(*data.drawing(i))
            (expected,) = looker.predict(strokes, top=1)
            said = client.post("/predict", json={"strokes": strokes, "top": 1}).json()["guesses"][0]
            assert (said["word"], said["probability"]) == (expected.word, pytest.approx(expected.probability, abs=1e-5))
            told = client.post("/explain", json={"strokes": strokes, "word": said["word"]})
            assert told.status_code == 200
            assert [len(credit) for credit in told.json()["credit"]] == [len(stroke[0]) for stroke in strokes]
            assert np.abs(np.concatenate(told.json()["credit"])).max() > 0


def test_who_asks_why_of_too_much_is_refused(served: Served) -> None:
    there_and_back = [[255 * (i % 2) for i in range(MOST_EXPLAINED + 1)], [i % 256 for i in range(MOST_EXPLAINED + 1)]]
    word = served.server.recogniser.classes[0]
    response = served.client.post("/explain", json={"strokes": [there_and_back], "word": word})
    assert response.status_code == 422
    assert "1,000 are the most that are explained" in response.json()["error"]


def test_so_many_may_wait_to_be_told_why(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    let_go = threading.Event()
    monkeypatch.setattr(served.server, "_credit", lambda *_: let_go.wait(20) and np.zeros(3))
    ask = {"strokes": LINE, "word": served.server.recogniser.classes[0]}
    with ThreadPoolExecutor(MOST_EXPLAINING + 4) as pool:
        asked = [pool.submit(served.client.post, "/explain", json=ask) for _ in range(MOST_EXPLAINING + 4)]
        refused = [one.result() for one in islice(as_completed(asked), 4)]
        assert served.client.post("/predict", json={"strokes": LINE}).status_code == 200
        let_go.set()
        statuses = sorted(one.result().status_code for one in asked)
    assert [(one.status_code, one.headers["retry-after"]) for one in refused] == [(503, "1")] * 4
    assert statuses == [200] * MOST_EXPLAINING + [503] * 4


def test_who_has_waited_for_too_long_to_be_told_why_is_not_told(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go, told = threading.Event(), []
    monkeypatch.setattr(served.server, "_credit", lambda *_: told.append(let_go.wait(20)))
    served.server.answer_within = 0.2
    ask = {"strokes": LINE, "word": served.server.recogniser.classes[0]}
    assert [served.client.post("/explain", json=ask).status_code for _ in range(3)] == [503] * 3
    let_go.set()
    served.server.answer_within = 20
    assert served.client.post("/explain", json=ask).status_code == 501
    assert len(told) == 2  # the first and the last


def test_our_own_mistake_is_a_line_too(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    served.server.own.path.mkdir(parents=True)
    response = served.client.get("/own")
    assert response.status_code == 500
    assert response.json() == {"error": "something went wrong here; the server's log says what"}
    assert response.headers["x-content-type-options"] == "nosniff"
    assert [one.message for one in caplog.records if one.exc_info] == ["GET /own failed"]


@pytest.mark.parametrize(
    "line",
    [
        b'{"word":["owl"],"key_id":"1","drawing":[[[0,1],[0,1]]]}',
        b'{"word":{"owl":1},"key_id":"1","drawing":[[[0,1],[0,1]]]}',
        b'{"word":null,"key_id":"1","drawing":[[[0,1],[0,1]]]}',
        b'{"word":"\\ud800","key_id":"1","drawing":[[[0,1],[0,1]]]}',
        b'{"word":"\xff","key_id":"1","drawing":[[[0,1],[0,1]]]}',
        b'{"word":"owl","key_id":1,"drawing":[[[0,1],[0,1]]]}',
        b'{"word":"owl","key_id":["1"],"drawing":[[[0,1],[0,1]]]}',
        b'{"word":"owl","key_id":"1","drawing":7}',
        b'{"word":"owl","key_id":"1","drawing":[[[0,1],[0]]]}',
        b'{"word":"owl","key_id":"1","drawing":[[["a","b"],[0,1]]]}',
        b'{"word":"owl","key_id":"1","drawing":[[[NaN,1],[0,1]]]}',
        b'{"word":"owl","key_id":"1","drawing":[[[1e999,1],[0,1]]]}',
        b'{"word":"owl","key_id":"1","drawing":[[[' + b"9" * 400 + b",1],[0,1]]]}",
        b'{"word":"owl","key_id":"1","drawing":[[[' + b"9" * 5000 + b",1],[0,1]]]}",
        b'{"word":"owl","key_id":"1","drawing":' + b"[" * 100_000,
        b"[" * 100_000,
        b"\x00",
        b"",
        b"7",
        b"null",
    ],
)
def test_an_odd_line_is_passed_over_and_stays(served: Served, line: bytes) -> None:
    own = served.server.own
    first, second = (served.client.post("/own", json={"word": "owl", "strokes": LINE}).json()["key_id"] for _ in "ab")
    own.path.write_bytes(line + b"\n" + own.path.read_bytes())
    assert [one["key_id"] for one in served.client.get("/own").json()["drawings"]] == [first, second]
    assert served.client.get("/own").json()["counts"] == {"owl": 2}
    assert served.client.delete(f"/own/{first}").status_code == 204
    assert served.client.delete("/own/1").status_code == 404
    assert own.path.read_bytes().startswith(line + b"\n")
    assert len(own.rows()) == 1


def test_numbers_of_any_kind_are_a_drawing(served: Served) -> None:
    served.client.post("/own", json={"word": "owl", "strokes": LINE})
    path = served.server.own.path
    path.write_bytes(path.read_bytes() + b'{"word":"elk","key_id":"1","drawing":[[[1,1e30],[2.5,%d]]]}\n' % 10**30)
    response = served.client.get("/own")
    assert response.status_code == 200
    assert response.json()["counts"] == {"owl": 1, "elk": 1}


def test_lessons_are_kept_listed_and_forgotten(served: Served) -> None:
    path = served.server.own.path
    kept = [
        served.client.post("/own", json={"word": word, "strokes": [[[0, 1.5], [2, 3], [0, 9]]]}).json()
        for word in ("owl", " <script>x</script> ", "owl")
    ]
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [row["word"] for row in rows] == ["owl", "<script>x</script>", "owl"]
    assert [row["key_id"] for row in rows] == [one["key_id"] for one in kept]
    assert rows[0]["drawing"] == [[[0, 1.5], [2, 3], [0, 9]]]
    assert served.client.get("/own").json()["counts"] == {"owl": 2, "<script>x</script>": 1}

    assert served.client.delete(f"/own/{kept[1]['key_id']}").status_code == 204
    assert served.client.delete(f"/own/{kept[1]['key_id']}").status_code == 404
    assert served.client.get("/own").json()["counts"] == {"owl": 2}
    for word in ("", "  ", "a\nb"):
        assert served.client.post("/own", json={"word": word, "strokes": LINE}).status_code == 422
    assert served.client.post("/own", json={"word": "owl", "strokes": [[[0, 1], [1]]]}).status_code == 422
    assert len(path.read_text("utf-8").splitlines()) == 2


def likely(served: Served) -> tuple[str, bool]:
    guess = served.client.post("/predict", json={"strokes": ZIGZAG}).json()["guesses"][0]
    return guess["word"], guess["taught"]


def test_what_is_taught_is_guessed_and_explained_until_it_is_forgotten(served: Served) -> None:
    before = likely(served)
    keys = [served.client.post("/own", json={"word": " zigzag ", "strokes": ZIGZAG}).json()["key_id"] for _ in range(2)]
    assert likely(served) == ("zigzag", True)
    assert served.client.post("/explain", json={"strokes": ZIGZAG, "word": "zigzag"}).status_code == 200
    assert "zigzag" not in served.client.get("/classes").json()["classes"]
    for key in keys:
        assert likely(served) == ("zigzag", True)
        served.client.delete(f"/own/{key}")
    assert likely(served) == before == (before[0], False)
    assert served.client.post("/explain", json={"strokes": ZIGZAG, "word": "zigzag"}).status_code == 422


def test_another_server_or_a_person_may_change_the_file(served: Served) -> None:
    path = served.server.own.path
    before = likely(served)
    other = OwnDrawings(path)
    other.add("zigzag", ZIGZAG)
    assert likely(served) == ("zigzag", True)
    taught = path.read_bytes()
    path.write_bytes(taught.replace(b'"zigzag"', b'"mine"'))
    assert likely(served) == ("mine", True)
    path.write_bytes(b'{"word": "half\n' + b"[]\n" + taught.replace(b'"zigzag"', b'" "') + taught)
    assert likely(served) == ("zigzag", True)
    path.unlink()
    path.mkdir()
    assert likely(served) == ("zigzag", True)  # what cannot be read changes nothing
    path.rmdir()
    assert likely(served) == before


def test_health_metrics_and_description(served: Served) -> None:
    served.client.post("/predict", json={"strokes": LINE})
    served.client.post("/predict", content=b"{", headers=JSON)
    assert served.client.get("/healthz").json() == {"status": "ok"}
    metrics = served.client.get("/metrics").text
    assert 'inkseq_requests_total{path="/predict",status="200"} 1.0' in metrics
    assert 'inkseq_requests_total{path="/predict",status="400"} 1.0' in metrics
    described = served.client.get("/openapi.json").json()
    assert set(described["paths"]) >= {"/predict", "/classes", "/healthz", "/metrics"}
    assert described["components"]["schemas"]["Ask"]["required"] == ["strokes"]


def test_a_client_has_its_rate_and_no_other_suffers() -> None:
    rate = Rate(5)
    assert [rate.take("a") for _ in range(7)] == [True] * 5 + [False] * 2
    assert rate.take("b")
