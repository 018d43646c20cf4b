"""The house keeps its rooms: who may import whom, who writes SQL, which words the chassis may not know."""

import ast
import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

from contracts.catalogue import EVENTS, PROCEDURES, SERVICES
from contracts.inbound import INBOUND

ROOT = Path(__file__).resolve().parents[2]
HOUSE = ROOT / "services"
PURE_KERNEL = {
    "kernel.errors", "kernel.working_time", "kernel.actor", "kernel.policy", "kernel.columns", "kernel.encodings",
    "kernel.folding",
}  # fmt: skip
NAMEKO_ROOMS = ("chassis/", "gateway/live.py", "gateway/sessions.py", "kernel/directory_copy/filling.py")
BUSINESS_NOUNS = (
    "task", "assignment", "reminder", "nudge", "conversation", "message_posted", "announcement", "unit_id", "ward",
    "department", "delegation", "membership", "directory", "citizen", "chairman", "action_item",
)  # fmt: skip


def sources(folder: str, tests: bool = False) -> Iterator[Path]:
    found = sorted((HOUSE / folder).rglob("*.py"))
    assert found, f"nothing in {folder}"
    return (path for path in found if tests or "tests" not in path.relative_to(HOUSE).parts)


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def impurities(path: Path, own: str) -> set[str]:
    """What a pure file imports besides the standard library, its own package and the kernel's pure part."""
    bad = set()
    for name in imported(path):
        top = name.split(".")[0]
        allowed = top in sys.stdlib_module_names or name == own or name.startswith(own + ".") or name == "kernel"
        if not allowed and not any(name == pure or name.startswith(pure + ".") for pure in PURE_KERNEL):
            bad.add(name)
    return bad


def test_the_import_contracts_are_kept(capsys):
    kept = lint_imports(str(ROOT / "pyproject.toml"), no_cache=True, no_logo=True) == EXIT_STATUS_SUCCESS
    assert kept, capsys.readouterr().out


@pytest.mark.parametrize("service", [s for s in SERVICES if (HOUSE / s / "domain").is_dir()])
def test_a_domain_imports_the_standard_library_and_the_kernels_pure_part_only(service):
    for path in sources(f"{service}/domain"):
        assert impurities(path, f"{service}.domain") == set(), path


def test_three_services_have_a_domain():
    assert {s for s in SERVICES if (HOUSE / s / "domain").is_dir()} >= {"tasks", "reminders", "messaging"}


@pytest.mark.parametrize("module", sorted(PURE_KERNEL))
def test_the_kernels_pure_part_is_pure(module):
    assert impurities(HOUSE / (module.replace(".", "/") + ".py"), module) == set()


def test_only_entrypoints_and_the_chassis_know_nameko():
    for path in sources(""):
        place = str(path.relative_to(HOUSE))
        if any(name.split(".")[0] == "nameko" for name in imported(path)):
            assert place.startswith(NAMEKO_ROOMS) or path.name == "service.py", place


def test_sql_stands_in_storage_only():
    for path in sources(""):
        place = path.relative_to(HOUSE).parts
        if any(name.split(".")[0] in ("sqlalchemy", "psycopg") for name in imported(path)):
            in_storage = "storage" in place or path.name == "storage.py" or "migrations" in place
            assert in_storage or place[0] in ("chassis", "kernel") or place[:2] == ("directory", "load.py"), path


def test_no_business_noun_in_the_chassis():
    for path in sources("chassis"):
        words = {node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)}
        words |= {
            node.value
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " not in node.value
        }
        found = {(word, noun) for word in words for noun in BUSINESS_NOUNS if re.search(rf"\b{noun}s?\b", word.lower())}
        assert found == set(), path


def test_every_service_has_the_same_rooms():
    for service in SERVICES:
        for room in ("service.py", "README.md", "migrations/env.py", "tests"):
            assert (HOUSE / service / room).exists(), f"{service}/{room}"


def test_every_procedure_is_answered_by_its_owner_and_nobody_else():
    answered = {}
    for service in SERVICES:
        cls = importlib.import_module(f"{service}.service").Service
        for _name, method in vars_of(cls).items():
            for entrypoint in getattr(method, "nameko_entrypoints", ()):
                if procedure := getattr(entrypoint, "procedure", None):
                    answered[procedure.full_name] = service
    assert answered == {name: procedure.owner for name, procedure in PROCEDURES.items()}


def test_every_event_is_heard_by_exactly_the_hearers_that_the_catalogue_names():
    events = EVENTS | INBOUND
    heard = {name: set() for name in events}
    for service in SERVICES:
        cls = importlib.import_module(f"{service}.service").Service
        for method in vars_of(cls).values():
            for entrypoint in getattr(method, "nameko_entrypoints", ()):
                if type(entrypoint).__name__ == "Hears":
                    heard[entrypoint.event.name].add(service)
    assert heard == {name: set(event.hearers) for name, event in events.items()}


def vars_of(cls) -> dict:
    found = {}
    for base in reversed(cls.__mro__):
        found |= vars(base)
    return found
