"""Which statements reach PostgreSQL, by its own log: each line is one message of a service and its answer."""

import re
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from chassis.testing import until
from contracts.catalogue import SERVICES

LINE = re.compile(r"^\S+ \S+ \S+ \[\d+\] (\S+)@(\S+) LOG:  (?:statement|execute [^:]+): (.*)$", re.MULTILINE)


class Statements:
    """What the services of one world ask of their databases."""

    def __init__(self, log: Path, admin: psycopg.Connection, prefix: str):
        self._log, self._admin, self._prefix = log, admin, prefix

    def here(self) -> int:
        """A place in the log behind which stands only what comes from now on."""
        mark = f"mark {uuid.uuid4()}"
        self._admin.execute(sql.SQL("SELECT {}").format(mark))
        until(lambda: mark in self._log.read_text(errors="replace"), 10)
        return self._log.stat().st_size

    def between(self, begin: int, end: int) -> dict[str, Counter]:
        """By service: how often each statement came."""
        found = {service: Counter() for service in SERVICES}
        for _user, database, statement in LINE.findall(self._log.read_bytes()[begin:end].decode(errors="replace")):
            service = database.removeprefix(self._prefix)
            if service in found:
                found[service][re.sub(r"= \d+", "= ...", statement)[:100]] += 1
        return found

    def wait_for_silence(self, seconds: float = 1.0) -> None:
        begin = self.here()
        while True:
            time.sleep(seconds)
            end = self.here()
            if not any(self.between(begin, end).values()):
                return
            begin = end


@contextmanager
def logged(platform, prefix: str = "congvu_e2e_") -> Iterator[Statements]:
    """Connections that the services' roles make from now on are logged."""
    with psycopg.connect(platform.addresses["postgres_admin"], autocommit=True) as admin:
        admin.execute("SET log_statement = 'all'")

        def each(action: str) -> None:
            for service in SERVICES:
                names = {"role": sql.Identifier(f"congvu_{service}"), "database": sql.Identifier(prefix + service)}
                admin.execute(sql.SQL(f"ALTER ROLE {{role}} IN DATABASE {{database}} {action}").format(**names))

        each("SET log_statement = 'all'")
        each("SET log_parameter_max_length = 0")
        try:
            yield Statements(platform.log / "postgres.log", admin, prefix)
        finally:
            each("RESET ALL")
