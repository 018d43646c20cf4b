"""What the ladders watch, the rules that were set, and every query on them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from chassis.wire import to_json

_NAMES = ("version", "at", "state", "role", "is_child", "unit_id", "post_id", "urgency_rank", "due")
_ANSWERS = ("answer_by", "answers_post_id")
_LOGGED = ", ".join(("subject_id", *_NAMES, *_ANSWERS, "assigner_post_id", "since"))
_LATEST = (*_NAMES, *_ANSWERS, "task_id", "title", "unit_name", "link", "open")
_OF_LATEST = ", ".join(_LATEST)
_NOTE = sa.text(
    f"""
    WITH given AS (
        SELECT * FROM jsonb_to_recordset(CAST(:pieces AS jsonb)) AS given(
            subject_id uuid, version integer, at timestamptz, task_id uuid, title text, state text, role text,
            is_child boolean, unit_id uuid, unit_name text, post_id uuid, assigner_post_id uuid, followers uuid[],
            urgency_rank smallint, due timestamptz, since timestamptz, open boolean, link text, answer_by timestamptz,
            answers_post_id uuid
        )
    ), noted AS (
        INSERT INTO watched_log ({_LOGGED}) SELECT {_LOGGED} FROM given ON CONFLICT DO NOTHING
    )
    INSERT INTO watched AS known
        (subject_id, {_OF_LATEST}, assigner_post_id, followers, since, since_version, next_at)
    SELECT subject_id, {_OF_LATEST}, assigner_post_id, coalesce(followers, '{{}}'), since,
        CASE WHEN since IS NULL THEN 0 ELSE version END, at
    FROM given ORDER BY subject_id
    ON CONFLICT (subject_id) DO UPDATE SET
        {", ".join(f"{name} = excluded.{name}" for name in _LATEST)},
        assigner_post_id = coalesce(excluded.assigner_post_id, known.assigner_post_id),
        since = CASE WHEN excluded.since_version > known.since_version THEN excluded.since ELSE known.since END,
        since_version = greatest(excluded.since_version, known.since_version),
        next_at = excluded.next_at
    WHERE excluded.version > known.version
        OR (excluded.version = known.version AND excluded.open AND NOT known.open)  -- now it is known for whom it waits
    RETURNING subject_id
    """  # noqa: S608 - the names are ours
)
_NOTE_LATE = sa.text(
    """
    WITH given AS (
        SELECT * FROM jsonb_to_recordset(CAST(:pieces AS jsonb)) AS given(
            subject_id uuid, version integer, assigner_post_id uuid, followers uuid[], since timestamptz
        )
    )
    UPDATE watched AS known SET
        assigner_post_id = coalesce(known.assigner_post_id, given.assigner_post_id),
        followers = coalesce(given.followers, known.followers),
        since = CASE WHEN given.since IS NOT NULL AND given.version > known.since_version THEN given.since
            ELSE known.since END,
        since_version = CASE WHEN given.since IS NOT NULL THEN greatest(given.version, known.since_version)
            ELSE known.since_version END,
        next_at = known.at
    FROM given WHERE known.subject_id = given.subject_id
    """
)
_NO_LONGER = sa.text(
    f"""
    WITH given AS (
        SELECT * FROM jsonb_to_recordset(CAST(:subjects AS jsonb)) AS given(subject_id uuid, version integer)
    ), over AS (
        UPDATE watched SET version = given.version, at = :at, open = false, state = 'answered', title = '',
            unit_name = '', link = '', answer_by = NULL, answers_post_id = NULL, next_at = NULL, unreached = false
        FROM given WHERE watched.subject_id = given.subject_id AND watched.version < given.version
        RETURNING watched.*
    ), noted AS (
        INSERT INTO watched_log ({_LOGGED}) SELECT {_LOGGED} FROM over ON CONFLICT DO NOTHING
    )
    SELECT subject_id FROM over
    """  # noqa: S608 - the names are ours
)
# of each urgency the first ones, by themselves: what lies ahead, however much it is, is never read
_CLAIM = sa.text(
    """
    SELECT due_now.* FROM (VALUES (0::smallint), (1), (2), (3)) AS urgency(rank), LATERAL (
        SELECT subject_id::text, version, task_id::text, title, state, role, is_child, unit_id::text, unit_name,
            post_id::text, assigner_post_id::text, followers::text[], urgency_rank, due, since, answer_by,
            answers_post_id::text, link, next_at
        FROM watched WHERE urgency_rank = urgency.rank AND next_at <= :now
        ORDER BY next_at LIMIT :limit FOR UPDATE SKIP LOCKED
    ) AS due_now
    """
)
_SETTLE = sa.text(
    """
    UPDATE watched SET next_at = given.next_at, unreached = given.unreached
    FROM jsonb_to_recordset(CAST(:looked_at AS jsonb))
        AS given(subject_id uuid, next_at timestamptz, unreached boolean)
    WHERE watched.subject_id = given.subject_id
    """
)
_SAID = sa.text(
    "SELECT subject_id::text, rule, rung, deadline_version FROM occasions WHERE subject_id = ANY(CAST(:ids AS uuid[]))"
)
_UNREACHED = sa.text("SELECT count(*) FROM watched WHERE unreached")
_VERSION = sa.text(
    "SELECT version, rules, reason, changed_at, person_id::text, post_id::text FROM ladder_versions"
    " WHERE version < :before ORDER BY version DESC LIMIT :limit"
)
_HOLD_VERSIONS = sa.text("SELECT pg_advisory_xact_lock(hashtext('ladder_versions'))")
_ADD_VERSION = sa.text(
    "INSERT INTO ladder_versions (version, rules, reason, changed_at, person_id, post_id)"
    " VALUES (:version, CAST(:rules AS jsonb), :reason, :changed_at, :person_id, :post_id)"
)
_BEGIN_RECOUNT = sa.text(
    "INSERT INTO ladder_recounts (id, reason, begun_at, total)"
    " SELECT :id, :reason, :now, count(*) FROM watched WHERE open"
)
_LAST_RECOUNT = sa.text("SELECT reason, begun_at, ended_at, done, total FROM ladder_recounts ORDER BY id DESC LIMIT 1")
_CLAIM_RECOUNT = sa.text(
    "SELECT id::text, reached::text FROM ladder_recounts WHERE ended_at IS NULL ORDER BY id LIMIT 1"
    " FOR UPDATE SKIP LOCKED"
)
_RECOUNT_PART = sa.text(
    """
    WITH part AS (
        SELECT subject_id FROM watched WHERE open AND subject_id > CAST(:after AS uuid) ORDER BY subject_id LIMIT :limit
        FOR UPDATE
    ), asked AS (
        UPDATE watched SET next_at = least(next_at, :now) FROM part WHERE watched.subject_id = part.subject_id
    )
    SELECT count(*), max(subject_id::text) FROM part
    """
)
_NOTE_RECOUNT = sa.text(
    "UPDATE ladder_recounts SET reached = coalesce(:reached, reached), done = done + :done, ended_at = :ended_at"
    " WHERE id = :id"
)
_CALENDAR = sa.text(
    """
    WITH calendar AS (
        SELECT concat(max(version), '/', count(*)) AS fingerprint FROM copy_working_days
    )
    INSERT INTO ladder_calendar AS known SELECT true, fingerprint FROM calendar
    ON CONFLICT ("only") DO UPDATE SET fingerprint = excluded.fingerprint
    WHERE known.fingerprint <> excluded.fingerprint
    RETURNING fingerprint
    """
)
_FORGET = sa.text(
    """
    WITH gone AS (
        DELETE FROM watched WHERE subject_id IN (
            SELECT subject_id FROM watched WHERE NOT open AND at < :before LIMIT :limit FOR UPDATE SKIP LOCKED
        )
    )
    DELETE FROM watched_log WHERE (subject_id, version) IN (
        SELECT old.subject_id, old.version FROM watched_log old
        WHERE old.at < :before AND (
            old.state IN ('completed', 'revoked', 'archived', 'answered')
            OR EXISTS (
                SELECT FROM watched_log later
                WHERE later.subject_id = old.subject_id AND later.version > old.version AND later.at < :before
            )
        )
        LIMIT :limit
    )
    """
)
_LIVED = "FROM watched WHERE (open OR at > :begin)"
_HOW_MANY = sa.text(f"SELECT count(*) {_LIVED}")
_LIVES = sa.text(
    f"""
    SELECT log.subject_id::text, log.version, log.at, log.state, log.role, log.is_child, log.unit_id::text,
        log.post_id::text, log.assigner_post_id::text, log.urgency_rank, log.due, log.since, log.answer_by,
        log.answers_post_id::text, part.followers
    FROM (
        SELECT subject_id, followers::text[] {_LIVED} AND subject_id > CAST(:after AS uuid)
            AND mod(hashtext(subject_id::text) & 2147483647, :one_in) = 0
        ORDER BY subject_id LIMIT :limit
    ) AS part JOIN watched_log AS log USING (subject_id)
    ORDER BY log.subject_id, log.version
    """  # noqa: S608
)
FIRST = "00000000-0000-0000-0000-000000000000"
NO_VERSION = 2**31 - 1


def note(tx, pieces: Sequence[Mapping]) -> list[str]:
    """How pieces stand after a move, in one statement; returns those of which nothing newer was known. Of the others
    what only an older event tells is kept: since when it waits, who follows it.
    """
    given = to_json(pieces)
    newer = list(tx.execute(_NOTE, {"pieces": given}).scalars())
    known = {str(subject_id) for subject_id in newer}
    late = [each for each in pieces if each["subject_id"] not in known and (each["since"] or each["followers"])]
    if late:
        tx.execute(_NOTE_LATE, {"pieces": to_json(late)})
    return sorted(known)


def no_longer(tx, subjects: Sequence[Mapping], at: datetime) -> list[str]:
    """They wait for nobody any more, and what was said of them goes; returns those of which nothing newer was known."""
    given = [{name: each[name] for name in ("subject_id", "version")} for each in subjects]
    over = tx.execute(_NO_LONGER, {"subjects": to_json(given), "at": at}).scalars()
    return [str(subject_id) for subject_id in over]


def claim(tx, now: datetime, limit: int) -> list[Mapping]:
    """Pieces that are to be looked at, so many of each urgency, locked; those that another process has are left out."""
    return list(tx.execute(_CLAIM, {"now": now, "limit": limit}).mappings())


def settle(tx, looked_at: Sequence[Mapping]) -> None:
    tx.execute(_SETTLE, {"looked_at": to_json(looked_at)})


def said(tx, subject_ids: Sequence[str]) -> dict[str, set[tuple[str, str, int]]]:
    """What was said of these pieces already: rule, rung and version by piece."""
    found: dict[str, set[tuple[str, str, int]]] = {}
    for row in tx.execute(_SAID, {"ids": list(subject_ids)}):
        found.setdefault(row.subject_id, set()).add((row.rule, row.rung, row.deadline_version))
    return found


def count_unreached(tx) -> int:
    return tx.execute(_UNREACHED).scalar_one()


def forget(tx, before: datetime, limit: int) -> int:
    """A part of what nobody asks for any more; how much of the log went."""
    return tx.execute(_FORGET, {"before": before, "limit": limit}).rowcount


# the rules


def versions(tx, before: int, limit: int) -> list[Mapping]:
    """Rules that were set, the newest first."""
    return list(tx.execute(_VERSION, {"before": before, "limit": limit}).mappings())


def hold_versions(tx) -> None:
    """Whoever sets other rules at the same time waits."""
    tx.execute(_HOLD_VERSIONS)


def add_version(tx, rules: Sequence[Mapping], **values) -> None:
    tx.execute(_ADD_VERSION, values | {"rules": to_json(rules)})


# looking again


def begin_recount(tx, recount_id: str, reason: str, now: datetime) -> None:
    tx.execute(_BEGIN_RECOUNT, {"id": recount_id, "reason": reason, "now": now})


def last_recount(tx) -> Mapping | None:
    return tx.execute(_LAST_RECOUNT).mappings().one_or_none()


def recount_part(tx, now: datetime, limit: int) -> int | None:
    """Asks for a look at the next pieces in turn; how many they were, None when there is nothing to recount."""
    recount = tx.execute(_CLAIM_RECOUNT).mappings().one_or_none()
    if recount is None:
        return None
    part = {"after": recount["reached"] or FIRST, "limit": limit, "now": now}
    done, reached = tx.execute(_RECOUNT_PART, part).one()
    noted = {"id": recount["id"], "reached": reached, "done": done, "ended_at": now if done < limit else None}
    tx.execute(_NOTE_RECOUNT, noted)
    return done


def calendar_changed(tx) -> bool:
    """Whether the working days are others than those known until now; they are known from now on."""
    return tx.execute(_CALENDAR).first() is not None


# what happened


def how_many_lived(tx, begin: datetime) -> int:
    return tx.execute(_HOW_MANY, {"begin": begin}).scalar_one()


def lives(tx, begin: datetime, after: str, one_in: int, limit: int) -> list[Mapping]:
    """All that is known of the next so many pieces in turn, of which one in so many is taken, in order."""
    values = {"begin": begin, "after": after, "one_in": one_in, "limit": limit}
    return list(tx.execute(_LIVES, values).mappings())
