"""One import, from the file to what it changes: read, compared and, if that is wanted, taken order by order.

Nothing that is good in a file waits for what is not: it is taken in transactions of a bounded number of lines. What is
incomplete is parked, what contradicts what is followed here is shown and left. A process that takes over from
one that died goes on behind the last transaction.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from chassis import clock
from kernel.columns import (
    BadHeaders,
    Column,
    Fault,
    Header,
    Line,
    columns_in_place,
    map_headers,
    read_line,
    tidy,
)
from kernel.folding import fold
from kernel.sheets import BadFile, Limits, rows
from kernel.working_time import today
from tasks.domain.columns import COLUMNS, LONGEST_CELL
from tasks.domain.incoming import KINDS, Difference, by_code, compare
from tasks.storage import imports as storage
from tasks.storage.imports import files
from tasks.use_cases.taking import By, Taking, find_units_in, orders_here, same_of

AT_ONCE = 100  # lines in one transaction, and in one event
TOLD_EVERY = 1000
NOTHING_YET = dict.fromkeys((*KINDS, "unchanged"), 0)

Lines = Sequence[tuple[Line, Mapping[str, str]]]  # each with what is written in its cells


def carry_out(store, job, tell, most_lines: int) -> None:
    """Ends in one of: the comparison to be looked at, what is good taken, or the file refused."""
    with store.reading() as tx:
        raw = files.content(tx, job.id)
    try:
        if hashlib.sha256(raw).hexdigest() != job.sha256:
            raise BadFile("incomplete")
        headers, lines = read(job, raw, tell, most_lines)
    except (BadFile, BadHeaders) as refused:
        refuse(store, job, refused)
        return
    del raw
    groups = by_code([line for line, _ in lines])
    cells = {line.number: written for line, written in lines}
    if job.step == "compare":
        _compare(store, job, groups, headers, tell)
    else:
        _take(store, job, groups, cells, headers)


def read(job, raw: bytes, tell, most_lines: int) -> tuple[list[Header], Lines]:
    known = set(map(fold, job.mapping)).union(*(column.known_as for column in COLUMNS))
    limits = Limits(lines=most_lines, cell=LONGEST_CELL, dates=True)
    source = rows(job.form, raw, lambda given: sum(fold(header) in known for header in given), limits)
    headers, columns, lines = [], [], []
    for number, cells in source:
        if not headers:
            headers = map_headers(COLUMNS, [cell if isinstance(cell, str) else "" for cell in cells], job.mapping)
            columns = columns_in_place(COLUMNS, headers)
            continue
        lines.append((read_line(columns, number, cells), _written(columns, cells)))
        if len(lines) % TOLD_EVERY == 0:
            tell("reading", len(lines), 0)
    if not lines:
        raise BadFile("no_lines")
    return headers, lines


def _written(columns: Sequence[Column | None], cells: Sequence | Fault) -> dict[str, str]:
    """What is in the cells of the columns that are known; of a formula nothing."""
    if isinstance(cells, Fault):
        return {}
    found = zip(columns, cells, strict=True)
    texts = {column.name: tidy(cell) for column, cell in found if column is not None and isinstance(cell, str)}
    return {name: text.removeprefix("'")[:LONGEST_CELL] for name, text in texts.items() if text}


def _parts(groups: Sequence[Sequence[Line]], first: int = 0) -> Iterator[tuple[int, list[Sequence[Line]]]]:
    """Some orders at a time, each whole; with how many there are up to and with them."""
    part, count = [], 0
    for number, group in enumerate(groups[first:], start=first + 1):
        part.append(group)
        count += len(group)
        if count >= AT_ONCE or number == len(groups):
            yield number, part
            part, count = [], 0


def _differences(tx, part: Sequence[Sequence[Line]], find_units, now: datetime, *, lock: bool):
    """What the lines of some orders would change, how many change nothing, and what is here of them."""
    orders = orders_here(tx, [code for (line, *_) in part if (code := line.get("code"))], lock=lock)
    found = [
        each for group in part for each in compare(group, orders.get(group[0].get("code")), find_units, today(now))
    ]
    return [each for each in found if each is not None], found.count(None), orders


def _compare(store, job, groups: Sequence[Sequence[Line]], headers: Sequence[Header], tell) -> None:
    counts, shown = Counter(NOTHING_YET), []
    now = clock.now()
    with store.reading() as tx:
        find_units = find_units_in(tx, now)
    for number, part in _parts(groups):
        with store.reading() as tx:
            found, unchanged, _ = _differences(tx, part, find_units, now, lock=False)
        counts.update([each.kind for each in found])
        counts["unchanged"] += unchanged
        shown += [each.plain() for each in found]
        tell("comparing", number, len(groups))
    with store.transaction() as tx:
        files.put_rows(tx, job.id, shown)
        files.change(tx, job.id, state="compared", counts=dict(counts), headers=_plain(headers), stage=None, fault=None)
        tx.audit("tasks.import_compared", subject=job.id, counts=dict(counts))


def _take(
    store, job, groups: Sequence[Sequence[Line]], cells: Mapping[int, Mapping[str, str]], headers: Sequence[Header]
) -> None:  # fmt: skip
    with store.reading() as tx:
        find_units = find_units_in(tx, clock.now())
    counts = Counter(NOTHING_YET | (job.counts if job.applied else {}))
    for number, part in _parts(groups, job.applied):
        with store.transaction() as tx:
            now = clock.now()
            storage.write_alone(tx)
            if number == len(part):
                storage.take_up(tx, job.id)
            found, unchanged, orders = _differences(tx, part, find_units, now, lock=True)
            taking = Taking(tx, By(job.person_id, job.post_id, job.acting_for), job, now)
            taking.take(found, orders)
            _park(tx, job, part, found, cells, now)
            files.add_rows(tx, job.id, [each.plain() for each in found], sum(counts.values()) - counts["unchanged"])
            counts.update([each.kind for each in found])
            counts["unchanged"] += unchanged
            told = {"stage": "writing", "done": number, "total": len(groups), "counts": dict(counts)}
            files.change(tx, job.id, applied=number, **told)
    with store.transaction() as tx:
        shown = {"counts": dict(counts), "headers": _plain(headers), "stage": None, "fault": None}
        files.change(tx, job.id, state="applied", ended_at=clock.now(), **shown)
        files.forget_parts(tx, job.id)
        tx.audit("tasks.import_applied", subject=job.id, counts=dict(counts))


def _park(
    tx, job, part: Sequence[Sequence[Line]], found: Sequence[Difference], cells: Mapping[int, Mapping[str, str]],
    now: datetime,
) -> None:  # fmt: skip
    incomplete = {each.line.number: each for each in found if each.kind == "incomplete"}
    known = {line.number: same_of(line.number, cells[line.number]) for group in part for line in group}
    storage.unpark(tx, [same for number, same in known.items() if number not in incomplete])
    storage.park(
        tx,
        [
            {
                "id": clock.new_id(), "version": 1, "import_id": job.id, "line": number, "same": known[number],
                "code": each.code, "cells": dict(cells[number]), "each": each.each,
                "faults": [fault.plain() for fault in each.faults], "parked_at": now,
            }
            for number, each in incomplete.items()
        ],
    )  # fmt: skip


def _plain(headers: Sequence[Header]) -> list[dict]:
    return [header.plain() for header in headers]


def refuse(store, job, refused: BadFile | BadHeaders) -> None:
    with store.transaction() as tx:
        bad_headers = isinstance(refused, BadHeaders)
        fault = {"code": refused.code, "details": {"headers": refused.names} if bad_headers else refused.details}
        headers = _plain(refused.headers) if bad_headers else []
        files.change(tx, job.id, state="refused", fault=fault, headers=headers, stage=None, ended_at=clock.now())
        files.forget_parts(tx, job.id)
        tx.audit("tasks.import_refused", subject=job.id, code=refused.code)
