"""What is served as it stands: the OpenAPI document, and the page that shows it by Swagger UI, with no foreign host."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import orjson

from chassis.http import Answer
from gateway import openapi

_OURS = Path(__file__).parent
_SWAGGER_UI = Path(find_spec("flask_swagger_ui").submodule_search_locations[0]) / "dist"
_PARTS = {
    "page.css": (_OURS, "text/css"),
    "start.js": (_OURS, "text/javascript"),
    "swagger-ui.css": (_SWAGGER_UI, "text/css"),
    "swagger-ui-bundle.js": (_SWAGGER_UI, "text/javascript"),
    "favicon-32x32.png": (_SWAGGER_UI, "image/png"),
}
# no script and no style but the parts above; data: are the icons in Swagger UI's style
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True)
class Kept:
    """Bytes that are the same for everybody until the next version is installed, as they are and compressed."""

    plain: bytes
    packed: bytes
    etag: str
    media_type: str

    def answer(self, request, **headers) -> Answer:
        packed = request.accept_encodings["gzip"] > 0
        headers |= {"Content-Type": self.media_type, "Cache-Control": "public, no-cache", "Vary": "Accept-Encoding"}
        if packed:
            headers["Content-Encoding"] = "gzip"
        return Answer(
            self.packed if packed else self.plain, headers=headers, etag=self.etag + ("-gzip" if packed else "")
        )


@cache
def document() -> Kept:
    return _kept(orjson.dumps(openapi.document()), "application/json")


@cache
def part(name: str) -> Kept | None:
    """A file that the page asks for; None for any other."""
    if name not in _PARTS:
        return None
    folder, media_type = _PARTS[name]
    return _kept((folder / name).read_bytes(), media_type)


@cache
def _page() -> Kept:
    return _kept((_OURS / "index.html").read_bytes(), "text/html; charset=utf-8")


def page(request) -> Answer:
    return _page().answer(request, **{"Content-Security-Policy": _POLICY})


def _kept(content: bytes, media_type: str) -> Kept:
    digest = hashlib.sha256(content).hexdigest()[:16]
    return Kept(content, gzip.compress(content, mtime=0), digest, media_type)
