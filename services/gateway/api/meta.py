"""About this API."""

from chassis.http import Answer
from contracts.fields import Nothing
from gateway import openapi
from gateway.routes import route


class MetaRoutes:
    @route("GET", "/openapi.json", tag="meta", signed_in=False, answer=Nothing)
    def get_openapi(self, call):
        """This document."""
        return Answer(openapi.document(), headers={"Cache-Control": "public, max-age=300"})
