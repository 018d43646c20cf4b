"""Schemathesis in one role against the running platform: what it finds, and how to find it again.

`python -m tests.fuzz.http <scene file> <role> <seed> [options of schemathesis]`
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.platform import CHECKOUT

CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "ignored_auth", "unsupported_method",
    "allow_header_conformance", "use_after_free", "declared_code",
)  # fmt: skip
IN_BODIES = ("unit_id", "person_id", "post_id", "document_id", "assignment_id")


def settings(scene: dict, role: str) -> str:
    """The file of settings. Strings and lists are written in TOML as in JSON."""
    words = scene["ids"] | {"any_version": ["*"], "own_post": [scene["cast"].get(role, {}).get("membership_id", "-")]}
    bound = {f"path.{name}": name for name in scene["ids"]} | {f"query.{name}": name for name in scene["ids"]}
    bound |= {f"body.{name}": name for name in IN_BODIES}
    bound |= {"header.If-Match": "any_version", "header.X-Acting-For": "own_post"}
    lines = [
        "warnings = false",
        "continue-on-failure = true",
        "max-stream-events = 1",
        "[output.sanitization]",
        "enabled = false",
        *(f"[dictionaries.{name}]\nvalues = {json.dumps(values)}" for name, values in words.items() if values),
        "[parameters]",
        *(
            f'"{place}" = {{ dictionary = "{name}", probability = 0.9 }}'
            for place, name in bound.items()
            if words[name]
        ),
        "[checks]",
        "enabled = false",
        *(f"{check}.enabled = true" for check in CHECKS if check != "negative_data_rejection"),
        'negative_data_rejection = { enabled = true, expected-statuses = ["4xx"] }',
        "[[operations]]",  # an event is no string, but OpenAPI 3.1 knows of whole bodies only
        'include-operation-id = "open_stream"',
        "checks.response_schema_conformance.enabled = false",
    ]
    return "\n".join(lines) + "\n"


def run(scene: dict, role: str, seed: int, *options: str) -> tuple[int, str]:
    """The exit code, 0 when nothing was found, and what it says."""
    [outcome] = run_together(scene, [role], seed, *options).values()
    return outcome


def run_together(scene: dict, roles: list[str], seed: int, *options: str) -> dict[str, tuple[int, str]]:
    with tempfile.TemporaryDirectory(prefix="congvu-fuzz-") as folder:
        running = {role: _started(scene, role, seed, Path(folder, role), options) for role in roles}
        codes = {role: process.wait() for role, process in running.items()}
        return {role: (code, Path(folder, role, "said").read_text()) for role, code in codes.items()}


def _started(scene: dict, role: str, seed: int, place: Path, options: tuple[str, ...]) -> subprocess.Popen:
    place.mkdir()
    (place / "scene.json").write_text(json.dumps({name: scene[name] for name in ("base_url", "addresses", "cast")}))
    (place / "settings.toml").write_text(settings(scene, role))
    told = {
        "CONGVU_FUZZ_SCENE": str(place / "scene.json"),
        "CONGVU_FUZZ_ROLE": role,
        "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks",
        "PYTHONPATH": f"{CHECKOUT}/services:{CHECKOUT}",
    }
    command = [
        sys.executable, "-W", "ignore", "-m", "schemathesis.cli", "--config-file", str(place / "settings.toml"),
        "run", f"{scene['base_url']}/api/v1/openapi.json", f"--seed={seed}", "--no-color", *options,
    ]  # fmt: skip
    with (place / "said").open("w") as said:
        return subprocess.Popen(command, cwd=place, env=os.environ | told, stdout=said, stderr=said)


if __name__ == "__main__":
    code, said = run(json.loads(Path(sys.argv[1]).read_text()), sys.argv[2], int(sys.argv[3]), *sys.argv[4:])
    print(said)  # noqa: T201
    sys.exit(code)
