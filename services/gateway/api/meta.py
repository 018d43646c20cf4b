"""About this API."""

from eventlet import tpool

from chassis.http import HttpRefusal
from gateway import docs, problems, schemas
from gateway.routes import route


class MetaRoutes:
    @route("GET", "/openapi.json", tag="meta", signed_in=False, answer=schemas.OpenApiDocument, etag=True)
    def get_openapi(self, call):
        """This document."""
        return tpool.execute(docs.document).answer(call.request)  # made once, in seconds: meanwhile others are served

    @route("GET", "/docs", tag="meta", signed_in=False, media_type="text/html", etag=True)
    def get_docs(self, call):
        """This document as a page, to be read and tried out in a browser."""
        return docs.page(call.request)

    @route("GET", "/docs/<string:name>", tag="meta", signed_in=False,
           media_type="text/css, text/javascript, image/png", etag=True)  # fmt: skip
    def get_docs_part(self, call, name):
        """A part of that page."""
        if (found := tpool.execute(docs.part, name)) is None:
            raise HttpRefusal("not_found")
        return found.answer(call.request)

    @route("GET", "/problems", tag="meta", signed_in=False, answer=schemas.ProblemKindList)
    def list_problems(self, call):
        """Every code with which this API refuses: its status, and its title in Vietnamese and in English."""
        return {"items": [problems.kind_of(code) for code in sorted(problems.PROBLEMS)], "next_cursor": None}

    @route("GET", "/problems/<string:code>", tag="meta", signed_in=False, answer=schemas.ProblemKind)
    def get_problem(self, call, code):
        """What a code means: what stands behind the `type` `urn:congvu:problem:<code>`."""
        if code not in problems.PROBLEMS:
            raise HttpRefusal("not_found")
        return problems.kind_of(code)
