"""The document and the page that shows it, as strangers get them."""

import gzip
import re
from html.parser import HTMLParser

import orjson
import pytest
import requests

from gateway import openapi
from gateway.problems import PROBLEMS
from gateway.tests.support import assert_problem


class Page(HTMLParser):
    """What a page makes a browser do: what it loads, what it links to, what it would run by itself."""

    def __init__(self, text: str):
        super().__init__()
        self.loaded, self.linked, self.inline = [], [], []
        self._within = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self._within = tag
        self.loaded += [given[name] for name in ("src", "href") if name in given and tag not in ("a", "form")]
        self.linked += [given["href"]] if tag == "a" else []
        self.inline += [name for name in given if name == "style" or name.startswith("on")]

    def handle_data(self, data):
        if self._within in ("script", "style") and data.strip():
            self.inline.append(data)

    def handle_endtag(self, tag):
        self._within = ""


def test_the_page_loads_nothing_from_elsewhere_and_runs_nothing_inline(client):
    answer = client.get("/docs")
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "text/html; charset=utf-8"
    page = Page(answer.text)
    assert {"docs/swagger-ui-bundle.js", "docs/swagger-ui.css"} <= set(page.loaded)
    assert page.inline == []
    for address in (*page.loaded, *(link for link in page.linked if not link.startswith("#"))):
        assert re.fullmatch(r"[a-z][\w./-]*", address), address
        found = client.get(f"/{address}")
        assert found.status_code == 200 and found.content, address
    policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"


def test_only_the_parts_of_the_page_are_served(client):
    for name in ("index.html", "__init__.py", "swagger-ui.js", "..%2f__init__.py", "VERSION"):
        assert_problem(client.get(f"/docs/{name}"), 404, "not_found")


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/docs/swagger-ui-bundle.js"])
def test_it_is_sent_compressed_to_who_can_read_that_and_once(client, path):
    plain, packed = (raw(client, path, {"Accept-Encoding": coding}) for coding in ("identity", "gzip"))
    assert "Content-Encoding" not in plain.headers and packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content and len(packed.content) < len(plain.content)
    assert plain.headers["ETag"] != packed.headers["ETag"]
    assert {each.headers["Vary"] for each in (plain, packed)} == {"Accept-Encoding"}
    assert raw(client, path, {"Accept-Encoding": "gzip;q=0"}).content == plain.content
    again = raw(client, path, {"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["Cache-Control"] == "public, no-cache"


def raw(client, path: str, headers: dict) -> requests.Response:
    """As it came, not decompressed."""
    with requests.get(client.base + path, headers=headers, stream=True, timeout=60) as answer:
        answer._content = answer.raw.read(decode_content=False)
        return answer


def test_the_document_is_served_as_it_was_found_valid(client):
    assert client.get("/openapi.json").json() == orjson.loads(orjson.dumps(openapi.document()))


def test_every_code_can_be_looked_up(client):
    listed = client.get("/problems").json()
    assert {each["code"] for each in listed["items"]} == PROBLEMS.keys() and listed["next_cursor"] is None
    problem = client.get("/nothing").json()
    code = problem["type"].removeprefix("urn:congvu:problem:")
    found = client.get(f"/problems/{code}").json()
    assert found == {"code": "not_found", "status": 404, "title_vi": "Không tìm thấy", "title_en": "Not found"}
    assert problem["title"] == found["title_vi"]
    assert_problem(client.get("/problems/no_such_code"), 404, "not_found")
