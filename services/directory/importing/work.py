"""One import, from the file to what it changes: read, compared and, if that is wanted, applied in one transaction."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime

import orjson

from chassis import clock
from contracts import directory
from directory.domain import differences
from directory.domain.columns import (
    COLUMNS,
    BadHeaders,
    Line,
    columns_in_place,
    map_headers,
    read_line,
)
from directory.domain.differences import Comparison, Difference
from directory.domain.names import fold, given_name, search_form
from directory.importing.sheets import BadFile, rows
from directory.storage import facts, imports, people, units
from directory.use_cases.facts import tell_facts
from kernel.working_time import today

EVENTS = {"unit": directory.unit_changed, "post": directory.post_changed, "membership": directory.membership_changed}
TOLD_EVERY = 5000  # lines


def carry_out(store, job, tell: Callable[[str, int, int], None]) -> None:
    """Ends in one of: the comparison to be looked at, the directory changed as a whole, or the file refused."""
    with store.reading() as tx:
        raw = imports.content(tx, job.id)
    try:
        if hashlib.sha256(raw).hexdigest() != job.sha256:
            raise BadFile("incomplete")
        headers, lines = read(job, raw, tell)
    except (BadFile, BadHeaders) as refused:
        refuse(store, job, refused)
        return
    del raw
    tell("comparing", 0, len(lines))
    if job.step == "compare":
        with store.reading() as tx:
            comparison = compare(tx, job, lines, clock.now())
        with store.transaction() as tx:
            _show(tx, job, comparison, state="compared", headers=headers)
            tx.audit("import.compared", subject=job.id, counts=comparison.counts())
        return
    with store.transaction() as tx:
        facts.claim_versions(tx, 0)  # from here on nobody else changes facts until the commit
        now = clock.now()
        comparison = compare(tx, job, lines, now)
        stale = job.digest is not None and job.digest != digest_of(comparison)
        if stale or comparison.blocked:
            _show(tx, job, comparison, state="compared", step="compare", headers=headers, stale=stale)
            tx.audit("import.not_applied", subject=job.id, stale=stale, counts=comparison.counts())
            return
        apply(tx, job, comparison, now, tell)
        _show(tx, job, comparison, state="applied", headers=headers, stale=False, ended_at=now)
        imports.forget_parts(tx, job.id)
        tx.audit("import.applied", subject=job.id, what=job.what, counts=comparison.counts())


def read(job, raw: bytes, tell) -> tuple[list[dict], list[Line]]:
    known = set(map(fold, job.mapping)).union(*(column.known_as for column in COLUMNS[job.what]))
    source = rows(job.form, raw, lambda given: sum(fold(header) in known for header in given))
    headers, columns, lines = [], [], []
    for number, cells in source:
        if not headers:
            headers = map_headers(job.what, [cell if isinstance(cell, str) else "" for cell in cells], job.mapping)
            columns = columns_in_place(job.what, headers)
            continue
        lines.append(read_line(columns, number, cells))
        if len(lines) % TOLD_EVERY == 0:
            tell("reading", len(lines), 0)
    if not lines:
        raise BadFile("no_lines")
    return [header.plain() for header in headers], lines


def compare(tx, job, lines: Sequence[Line], now: datetime) -> Comparison:
    day = today(now)
    scope = frozenset(units.with_sub_units(tx, job.unit_id)) if job.unit_id else None
    present = imports.units_present(tx, day, scope)
    if job.what == "units":
        return differences.compare_units(lines, present, imports.ended_codes(tx, day), job.end_missing)
    posts = imports.posts_present(tx, day, scope)
    if job.what == "posts":
        codes = {code: unit.in_scope for code, unit in present.items()}
        return differences.compare_posts(lines, posts, codes, job.end_missing)
    emails, others = imports.unnumbered(tx, day)
    return differences.compare_people(
        lines, imports.people_present(tx, day), differences.Posts(posts, present), emails, others, job.end_missing
    )


def digest_of(comparison: Comparison) -> str:
    """The same for the same differences."""
    digest = hashlib.sha256()
    for each in comparison.differences:
        digest.update(orjson.dumps(each.plain()))
    return digest.hexdigest()


def _show(tx, job, comparison: Comparison, **values) -> None:
    imports.put_rows(tx, job.id, [each.plain() for each in comparison.differences])
    shown = {"counts": comparison.counts(), "digest": digest_of(comparison), "stage": None, "fault": None}
    imports.change(tx, job.id, **shown, **values)


def refuse(store, job, refused: BadFile | BadHeaders) -> None:
    with store.transaction() as tx:
        if isinstance(refused, BadHeaders):
            details = {"headers": refused.names}
            headers = [header.plain() for header in refused.headers]
        else:
            details, headers = refused.details, []
        fault = {"code": refused.code, "details": details}
        imports.change(tx, job.id, state="refused", fault=fault, headers=headers, stage=None, ended_at=clock.now())
        imports.forget_parts(tx, job.id)
        tx.audit("import.refused", subject=job.id, code=refused.code)


# applying


def apply(tx, job, comparison: Comparison, now: datetime, tell) -> None:
    to_do = list(comparison.to_do(job.end_missing))
    tell("writing", 0, len(to_do))
    kind, rows = {"units": _units, "posts": _posts, "people": _memberships}[job.what](tx, to_do, now)
    if rows:
        previous = facts.claim_versions(tx, len(rows))
        rows = _parents_first(rows) if kind == "unit" else rows
        rows = [row | {"version": previous + place} for place, row in enumerate(rows, start=1)]
        imports.put(tx, {"unit": "units", "post": "posts", "membership": "memberships"}[kind], rows)
        tell_facts(tx, EVENTS[kind], kind, previous, len(rows), subject=job.id)
    if job.what == "people":
        ids = sorted({each.act["person_id"] for each in to_do})
        for done, some in enumerate(imports.batches(ids)):
            tell("indexing", done * imports.BATCH, len(ids))
            people.refresh_entries(tx, some)


def _units(tx, to_do: Sequence[Difference], now: datetime) -> tuple[str, list[dict]]:
    day = today(now)
    ids = {code: unit.id for code, unit in imports.units_present(tx, day, None).items()}
    ids |= {each.key: clock.new_id() for each in to_do if each.kind == "new"}
    present = imports.whole_rows(tx, "unit", [each.act["id"] for each in to_do if "id" in each.act])
    made = {"version": 0, "valid_from": day, "valid_to": None, "full_name_en": None, "parent_id": None}
    rows = []
    for each in to_do:
        after = {name: pair[1] for name, pair in each.changes.items()}
        row = present.get(each.act.get("id"), made | {"id": ids[each.key]}) | after
        if "parent_code" in after:
            parent_code = row.pop("parent_code")
            row["parent_id"] = parent_code and ids[parent_code]
        if each.kind == "gone":
            row["valid_to"] = max(day, row["valid_from"])
        row["folded"] = search_form(f"{row['full_name']} {row['code']}")
        rows.append(row)
    return "unit", rows


def _parents_first(rows: list[dict]) -> list[dict]:
    """So that no row refers to one that is not there yet."""
    by_id = {row["id"]: row for row in rows}

    def depth(row: dict) -> int:
        above = by_id.get(row["parent_id"])
        return 0 if above is None else depth(above) + 1

    return sorted(rows, key=depth)


def _posts(tx, to_do: Sequence[Difference], now: datetime) -> tuple[str, list[dict]]:
    day = today(now)
    unit_ids = {code: unit.id for code, unit in imports.units_present(tx, day, None).items()}
    present = imports.whole_rows(tx, "post", [each.act["id"] for each in to_do if "id" in each.act])
    rows = []
    for each in to_do:
        after = {name: pair[1] for name, pair in each.changes.items() if name not in ("unit_code", "number")}
        if each.kind == "new":
            unit_id = unit_ids[each.changes["unit_code"][1]]
            row = {"id": clock.new_id(), "version": 0, "unit_id": unit_id, "valid_from": day, "valid_to": None} | after
        else:
            row = present[each.act["id"]] | after
        if each.kind == "gone":
            row["valid_to"] = max(day, row["valid_from"])
        rows.append(row)
    return "post", rows


def _memberships(tx, to_do: Sequence[Difference], now: datetime) -> tuple[str, list[dict]]:
    """The people themselves are written here; their memberships are the facts."""
    day = today(now)
    persons, ids = [], {}
    for each in to_do:
        if person := each.act.get("person"):
            person["id"] = ids[each.key] = person["id"] or clock.new_id()
            names = {"folded": search_form(person["name"]), "given": given_name(person["name"])}
            persons.append(person | names)
    imports.put(tx, "people", persons)
    ending = sorted({id_ for each in to_do for id_ in each.act.get("end", ())})
    ended = imports.whole_rows(tx, "membership", ending)
    rows = [row | {"valid_to": max(day, row["valid_from"])} for row in ended.values()]
    for each in to_do:
        each.act["person_id"] = each.act.get("person_id") or ids[each.key]
        if "take" in each.act:
            rows.append({
                "id": clock.new_id(), "version": 0, "person_id": each.act["person_id"], "post_id": each.act["take"],
                "primary": each.act["primary"], "valid_from": day, "valid_to": None,
            })  # fmt: skip
    return "membership", rows
