"""What schemathesis is told of us: how one signs in, and that a refusal's code must be one that its route declares."""

import json
import os
from pathlib import Path

import schemathesis

from gateway import openapi
from tests.fuzz.scene import Scene

ROLE = os.environ["CONGVU_FUZZ_ROLE"]
CODES = {each.operation: {*openapi.codes_of(each), "method_not_allowed"} for each in openapi.entrypoints()}

if ROLE != "nobody":
    scene = Scene(**json.loads(Path(os.environ["CONGVU_FUZZ_SCENE"]).read_text()))

    @schemathesis.auth()
    class SignedIn:
        """Whoever signed himself out comes back with another session: schemathesis asks anew at a 401."""

        def get(self, case, context):
            return scene.token(ROLE)

        def set(self, case, data, context):
            case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.check
def declared_code(ctx, response, case):
    """A status alone is declared by nearly every route; programs act on codes."""
    if response.status_code >= 400 and response.content and case.method != "HEAD":
        code = response.json()["code"]
        operation = case.operation.definition.raw["operationId"]
        assert code in CODES[operation], f"{operation} does not declare {code}"
