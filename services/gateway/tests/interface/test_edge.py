"""What every route shares."""

from gateway.tests.support import PASSWORD, assert_problem


def test_unknown_paths_and_methods(client):
    assert_problem(client.get("/nothing"), 404, "not_found")
    assert_problem(client.call("PUT", "/tasks"), 405, "method_not_allowed")
    assert client.call("PUT", "/tasks").headers["Allow"] == "GET, HEAD, POST"


def test_bad_bodies(vice):
    head = {"Content-Type": "application/json", "Idempotency-Key": "k"}
    assert_problem(vice.call("POST", "/tasks", data=b"{", headers=head), 400, "invalid_json")
    assert_problem(vice.call("POST", "/tasks", data=b"[]", headers=head), 422, "invalid_request")
    assert_problem(vice.call("POST", "/tasks", data=b"a=1", headers=head | {"Content-Type": "text/plain"}), 415,
                   "unsupported_media_type")  # fmt: skip
    assert_problem(vice.call("POST", "/tasks", data=b" " * 10_000_000, headers=head), 413, "body_too_large")


LANGUAGES = {
    None: "vi", "": "vi", "vi": "vi", "en": "en", "EN-us": "en", "fr": "vi", "*": "vi", "fr, en;q=0.1": "en",
    "en-GB;q=0.4, vi;q=0.6": "vi", "vi;q=0.4, en;q=0.6": "en", "en;q=0, vi": "vi", "en;q=0": "vi", "vi;q=0, en": "en",
    "*;q=x": "vi",
}  # fmt: skip


def test_errors_speak_the_best_language_that_the_reader_knows(client):
    told = {}
    for wanted in LANGUAGES:
        answer = client.get("/nothing", headers={"Accept-Language": wanted})
        told[wanted] = {"Không tìm thấy": "vi", "Not found": "en"}[answer.json()["title"]]
        assert answer.headers["Content-Language"] == told[wanted]
        assert answer.headers["Vary"] == "Accept-Language"
    assert told == LANGUAGES


def test_without_its_database_the_gateway_says_so_soon(client, head, monkeypatch):
    from chassis.errors import DatabaseUnavailable

    def away(*_args, **_kwargs):
        raise DatabaseUnavailable("away")

    monkeypatch.setattr(client.container.store, "_begin", away)
    fresh = type(head)(head.base, "another token")
    answer = fresh.get("/me")
    assert_problem(answer, 503, "database_unavailable")
    assert answer.headers["Retry-After"]


def test_strange_headers_do_no_harm(client, vice):
    strange = {
        "User-Agent": b"a\x85\xe9",
        "Accept-Language": "*;q=x",
        "traceparent": "no-trace",
        "Cookie": "a=b;;=",
    }
    answer = client.post("/tokens", {"username": "ward-1 head", "password": PASSWORD}, headers=strange)
    assert answer.status_code == 201
    answer = vice.get("/me", headers={"traceparent": "x" * 5000, "tracestate": "y", "X-Forwarded-For": ",;"})
    assert answer.status_code == 200
    for control in (b"a\x00", b"a\x7f", b"\x01"):
        assert vice.get("/me", headers={"User-Agent": control}).status_code == 400
