"""One import, from the file to what it changes: read, compared and, if that is wanted, applied in one transaction."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime

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
from directory.domain.organisation import AUDIENCE_KINDS, Audience, Membership, Organisation, Unit, ended
from directory.domain.reorganisation import Changes
from directory.importing.sheets import BadFile, rows
from directory.storage import appointments, facts, imports, organisation, people, units
from directory.storage import tables as t
from directory.storage.bulk import put
from directory.use_cases.appointments import with_consequences
from directory.use_cases.facts import record_changes
from kernel.working_time import today

TOLD_EVERY = 5000  # lines
INDEXED_AT_ONCE = 1000  # people; of many more the database would read the list of ids again for each line that it has


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
            imports.take_time(tx)
            comparison = compare(tx, job, lines, clock.now())
        with store.transaction() as tx:
            _show(tx, job, comparison, state="compared", headers=headers)
            tx.audit("import.compared", subject=job.id, counts=comparison.counts())
        return
    with store.transaction() as tx:
        imports.take_time(tx)
        facts.claim_versions(tx, 0)  # from here on nobody else changes facts until the commit
        now = clock.now()
        comparison = compare(tx, job, lines, now)
        while not people.hold(tx, comparison.versions):  # somebody has said something of himself meanwhile
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
        return differences.compare_posts(lines, posts, present, job.end_missing)
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
    if not to_do:
        return
    tell("writing", 0, len(to_do))
    event, change = CHANGES[job.what]
    changes, concerned = change(tx, to_do, now)
    if any(changes.values()):
        record_changes(tx, event, changes, subject=job.id)
    ids = sorted(concerned(tx))
    for first in range(0, len(ids), INDEXED_AT_ONCE):
        tell("indexing", first, len(ids))
        people.refresh_entries(tx, ids[first : first + INDEXED_AT_ONCE])


def _units(tx, to_do: Sequence[Difference], now: datetime) -> tuple[dict, Callable]:
    """With the standing audiences that they join or leave, and how they were before."""
    day = today(now)
    city = organisation.load(tx, day, ())
    ids = {unit.code: unit.id for unit in city.units.values()}
    ids |= {each.key: clock.new_id() for each in to_do if each.kind == "new"}
    changes = Changes()
    for each in to_do:
        after = {name: pair[1] for name, pair in each.changes.items()}
        if "parent_code" in after:
            after["parent_id"] = ids.get(after.pop("parent_code"))
        former = city.units.get(ids[each.key])
        if former is None:
            made = {"full_name_en": None, "valid_from": day, "valid_to": None, "changed_on": day}
            unit = Unit(**{"id": ids[each.key], "parent_id": None} | made | after)
        else:
            unit = replace(former, **after)
            if former.changed_on < day and unit != former:
                changes.former.append(replace(former, valid_from=former.changed_on, valid_to=day))
        changes.units[unit.id] = ended(unit, day) if each.kind == "gone" else unit
    _join_audiences(city, changes, day)
    organisation.keep_former(tx, changes, day)
    rows = organisation.as_rows(tx, changes)
    rows["unit"] = _parents_first(rows["unit"])

    def concerned(tx) -> set[str]:
        return organisation.people_of(tx, units.with_sub_units(tx, *changes.units), day)

    return rows, concerned


def _join_audiences(city: Organisation, changes: Changes, day: date) -> None:
    for name, kinds in AUDIENCE_KINDS.items():
        if name not in city.audiences:
            continue
        unit_ids = dict.fromkeys(city.audiences[name].unit_ids)
        for unit in changes.units.values():
            if unit.kind in kinds and unit.valid_to is not None:
                unit_ids.pop(unit.id, None)
            elif unit.kind in kinds and unit.id not in city.units:
                unit_ids[unit.id] = None
        if tuple(unit_ids) != city.audiences[name].unit_ids:
            changes.audiences[name] = Audience(name, tuple(unit_ids))


def _parents_first(rows: list[dict]) -> list[dict]:
    """So that no row refers to one that is not there yet."""
    by_id = {row["id"]: row for row in rows}

    def depth(row: dict) -> int:
        above = by_id.get(row["parent_id"])
        return 0 if above is None else depth(above) + 1

    return sorted(rows, key=depth)


def _posts(tx, to_do: Sequence[Difference], now: datetime) -> tuple[dict, Callable]:
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
    unit_ids = {row["unit_id"] for row in rows}
    return {"post": rows}, lambda tx: organisation.people_of(tx, unit_ids, day)


def _memberships(tx, to_do: Sequence[Difference], now: datetime) -> tuple[dict, Callable]:
    """The people themselves are written here; their memberships are the facts."""
    day = today(now)
    persons, ids = [], {}
    for each in to_do:
        if person := each.act.get("person"):
            person["id"] = ids[each.key] = person["id"] or clock.new_id()
            names = {"folded": search_form(person["name"]), "given": given_name(person["name"])}
            persons.append(person | names)
    put(tx, t.people, persons)
    ending = {id_ for each in to_do for id_ in each.act.get("end", ())}
    turning = {each.act["turn"]: each.act["primary"] for each in to_do if "turn" in each.act}
    held = organisation.memberships(tx, appointments.by_ids([*ending, *turning]))
    changed = [ended(held[id_], day) for id_ in sorted(ending)]
    changed += [replace(held[id_], primary=primary) for id_, primary in turning.items()]
    for each in to_do:
        person_id = each.act["person_id"] = each.act.get("person_id") or ids[each.key]
        if "take" in each.act:
            changed.append(Membership(clock.new_id(), person_id, each.act["take"], each.act["primary"], day, None))
    rows = organisation.as_rows(tx, with_consequences(tx, changed, day))
    return rows, lambda tx: {each.act["person_id"] for each in to_do}


CHANGES = {
    "units": (directory.unit_changed, _units),
    "posts": (directory.post_changed, _posts),
    "people": (directory.membership_changed, _memberships),
}
