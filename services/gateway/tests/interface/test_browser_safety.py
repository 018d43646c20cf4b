"""What a browser is told with every answer, what it keeps, and what nobody gets in by."""

import base64
import http.client
import re
from urllib.parse import urlsplit

import requests

from gateway import openapi
from gateway.api.session import DEVICE
from gateway.routes import BASE
from gateway.tests.support import PASSWORD, TASK, assert_problem
from tests.support.mutations import mutations

CREDENTIALS = {"username": "ward-1 head", "password": PASSWORD}
NOTHING_RUNS = {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"}
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
FOREIGN = {"Origin": "https://evil.example"}


def directives(answer) -> set[str]:
    return {each.strip() for each in answer.headers["Content-Security-Policy"].split(";")}


def test_every_kind_of_answer_is_safe_to_a_browser(client, head):
    tag = head.get(f"/tasks/{TASK}").headers["ETag"]
    kinds = {
        "data": (200, head.get("/me")),
        "nothing": (204, client.signed_in("ward-1 head").call("DELETE", "/sessions/current")),
        "the same": (304, head.get(f"/tasks/{TASK}", headers={"If-None-Match": tag})),
        "no path": (404, client.get("/<script>alert(1)</script>")),
        "no method": (405, client.call("TRACE", "/tasks")),
        "nobody": (401, client.get("/me")),
        "broken": (400, head.call("POST", "/tasks", data=b"{", headers={"Content-Type": "application/json"})),
        "too large": (413, head.call("POST", "/tasks", data=b" " * 10_000_000)),
        "a stream": (200, head.call("HEAD", "/live")),
        "a document": (200, client.get("/openapi.json")),
        "a calendar": (200, client.get("/calendar.ics", params={"token": "x" * 43})),
        "a page": (404, client.get("/oidc/nobody/start", headers={"Accept": "text/html"})),
        "another API": (401, requests.get(client.base.replace("/api/v1", "/scim/v2/Users"), timeout=30)),
    }
    for kind, (status, answer) in kinds.items():
        assert answer.status_code == status, kind
        assert ALWAYS.items() <= answer.headers.items(), kind
        assert directives(answer) >= NOTHING_RUNS, kind
        assert not any(name.lower().startswith("access-control") for name in answer.headers), kind
        assert "camera=()" in answer.headers["Permissions-Policy"], kind
        assert "Strict-Transport-Security" not in answer.headers, kind
        if kind != "a page":
            assert "form-action 'none'" in directives(answer), kind
            assert "text/html" not in answer.headers.get("Content-Type", ""), kind
    assert "form-action 'self'" in directives(kinds["a page"][1])  # it may ask for a one-time code


def test_where_there_is_tls_browsers_are_told_to_use_nothing_else(gateway):
    answer = gateway(strict_transport=True).get("/openapi.json")
    assert answer.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"


def test_no_other_site_is_let_in_by_asking_first(client):
    for entrypoint in openapi.entrypoints():
        path = entrypoint.path.removeprefix(BASE).replace("<int:year>", "2027").replace("<int:number>", "1")
        asking = FOREIGN | {
            "Access-Control-Request-Method": entrypoint.method,
            "Access-Control-Request-Headers": "authorization,content-type",
            "Access-Control-Request-Private-Network": "true",
        }
        answer = client.call("OPTIONS", openapi._PARAMETER.sub(TASK, path), headers=asking)
        assert_problem(answer, 405, "method_not_allowed")
        assert entrypoint.method in answer.headers["Allow"]
        assert not any(name.lower().startswith("access-control") for name in answer.headers), entrypoint.operation


def test_what_another_site_reads_without_asking_it_may_not_see(client):
    for path in ("/openapi.json", "/me", "/oidc/providers"):
        answer = client.get(path, headers=FOREIGN)
        assert not any(name.lower().startswith("access-control") for name in answer.headers)
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_cookies_are_for_this_host_over_tls_and_for_no_script(client):
    signed_in = client.post("/sessions", CREDENTIALS)
    session, device = signed_in.raw.headers.getlist("Set-Cookie")
    token = session.partition(";")[0].partition("=")[2]
    sent = {"Cookie": f"__Host-congvu={token}", "X-CSRF-Token": signed_in.json()["csrf_token"]}
    [gone] = client.call("DELETE", "/sessions/current", headers=sent).raw.headers.getlist("Set-Cookie")
    for cookie in (session, device, gone):
        name, *attributes = (part.strip() for part in cookie.split(";"))
        assert name.startswith("__Host-congvu")
        assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= set(attributes)
        assert not any(each.lower().startswith("domain") for each in attributes)
    assert "Max-Age=0" in gone


def test_a_session_that_was_laid_in_wait_is_not_taken_up(client):
    laid = "A" * 43
    answer = client.post("/sessions", CREDENTIALS, headers={"Cookie": f"__Host-congvu={laid}"})
    token = answer.headers["Set-Cookie"].partition(";")[0].partition("=")[2]
    assert DEVICE.fullmatch(token) and token != laid
    assert_problem(client.get("/me", headers={"Cookie": f"__Host-congvu={laid}"}), 401, "unauthenticated")
    again = client.post("/sessions", CREDENTIALS, headers={"Cookie": f"__Host-congvu={token}"})
    assert token not in again.headers["Set-Cookie"]


def test_a_token_counts_in_its_header_only(head):
    token, head.token = head.token, None
    for name in ("token", "access_token", "authorization", "Authorization", "bearer", "session", "__Host-congvu"):
        assert_problem(head.get("/me", params={name: token}), 401, "unauthenticated")
        assert_problem(head.get("/me", headers={f"X-{name}": token}), 401, "unauthenticated")
        assert_problem(head.call("GET", "/me", data={name: token}), 401, "unauthenticated")
    assert_problem(head.post("/tasks", {"access_token": token}), 401, "unauthenticated")
    assert_problem(head.get("/me", headers={"Authorization": token}), 401, "unauthenticated")
    assert_problem(head.get("/me", headers={"Authorization": f"Basic {token}"}), 401, "unauthenticated")
    assert_problem(head.get("/me", headers={"Proxy-Authorization": f"Bearer {token}"}), 401, "unauthenticated")


def status_of(client, *headers: tuple[str, bytes]) -> int:
    """Of GET /me with these headers as they are, be one there twice."""
    place = urlsplit(client.base)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=30)
    connection.putrequest("GET", f"{place.path}/me")
    for name, value in headers:
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def test_tokens_that_come_together_help_nobody(client, head, vice):
    answer = client.post("/sessions", CREDENTIALS)
    cookie = ("Cookie", answer.headers["Set-Cookie"].partition(";")[0].encode())
    good, other, bad = (("Authorization", f"Bearer {each}".encode()) for each in (head.token, vice.token, "none"))
    assert status_of(client, good) == status_of(client, cookie) == status_of(client, good, cookie) == 200
    for two in ((good, other), (good, good), (good, bad), (bad, good)):
        assert status_of(client, *two) == 401
    assert status_of(client, bad, cookie) == 401  # what was meant to count does not, and nothing else does instead
    [session] = {each["kind"] for each in head.get("/sessions").json()["items"] if each["current"]}
    assert session == "token"


def in_other_words(token: str) -> list[bytes]:
    """The same token, as other layers write it; each bit of it turned; cut anywhere."""
    raw = token.encode()
    percent, octal = ("".join(form.format(byte) for byte in raw).encode() for form in ("%{:02X}", "\\{:03o}"))
    wide = token.replace(token[0], chr(ord(token[0]) + 0xFEE0)).encode()
    changed = [
        base64.b64encode(raw), raw.hex().encode(), raw.upper(), raw.lower(), percent, octal, b'"%s"' % raw,
        b'"%s"' % octal, b"'%s'" % raw, raw + b"=", raw + b"==", raw + b",", raw + b"%", raw + b"\xc2\xa0",
        raw + b"\xff\xfe", b"\xef\xbb\xbf" + raw, wide, raw + raw, raw + b" " + raw, b"Bearer " + raw, b"null",
        b"undefined", b"*", b"%", b"' OR 1=1--",
    ]  # fmt: skip
    changed += [raw[:end] for end in range(0, len(raw), 3)]
    turned = (
        bytes([*raw[:at], raw[at] ^ 1 << bit, *raw[at + 1 :]]) for at in range(0, len(raw), 3) for bit in range(8)
    )
    return [*changed, *(each for each in turned if not set(each) & set(b"\r\n\0;"))]


def refused_with(said: bytes) -> int:
    """No header holds a control character."""
    return 400 if re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", said) else 401


def test_a_token_in_other_words_is_another_token(client, head):
    token = client.post("/sessions", CREDENTIALS).headers["Set-Cookie"].partition(";")[0].partition("=")[2]
    for bearer in (*in_other_words(head.token), *(each.encode() for each in mutations(head.token, 100))):
        assert status_of(client, ("Authorization", b"Bearer " + bearer)) == refused_with(bearer), bearer
    for value in (*in_other_words(token), *(each.encode() for each in mutations(token, 100))):
        assert status_of(client, ("Cookie", b"__Host-congvu=" + value)) == refused_with(value), value
    assert head.get("/me").status_code == 200
