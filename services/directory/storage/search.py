"""Finding people as one types, best and most senior first, whether the word is rare or is "nguyen".

A line's place is (match, rank, membership): how well the name matches, how senior the post is. No index knows that
order, and sorting all 19,000 Nguyễns for the first 20 would take longer than typing. So a search looks first where
the best are: whole names, then the names that people are called by, then the most senior lines. Only if these do not
fill the page it looks everywhere by trigrams, and then the words are rare enough for that.

The statements are text, because a search runs at every keystroke and building them would cost more than running them.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

Id = sa.Uuid(as_uuid=False)
SENIOR = 1000  # how many of the most senior lines are looked at one by one
RARE = 3  # so many words together are rare, whichever they are
FEW = 20  # units whose lines are simply all looked at
BEFORE_ALL = (-1, 0, "00000000-0000-0000-0000-000000000000")

# match: 0 the whole name, 1 the name that he is called by, 2 the beginnings of some words
FOUND = """
    valid_from <= :day AND (valid_to IS NULL OR valid_to > :day)
    AND (CAST(:post_kind AS text) IS NULL OR post_kind = :post_kind)
    AND (:unit_ids IS NULL OR unit_id = ANY(:unit_ids))
"""
AFTER = "(:after_match, :after_rank, :after_id)"
SHOWN = """
    SELECT place.*, p.id, p.name, p.phone, p.email, o.id AS post_id, o.kind AS post_kind, o.title, u.id AS unit_id,
        u.full_name AS unit_name
    FROM place JOIN entries e USING (membership_id) JOIN people p ON p.id = e.person_id JOIN posts o ON o.id = e.post_id
        JOIN units u ON u.id = e.unit_id
    ORDER BY match, place.rank, membership_id
"""
WHERE_THE_BEST_ARE = """
    WITH named AS MATERIALIZED (
        (SELECT 0 AS match, rank, membership_id FROM entries
         WHERE folded = :whole AND {found} AND (0, rank, membership_id) > {after}
         ORDER BY rank, membership_id LIMIT :limit)
        UNION ALL
        (SELECT 1, rank, membership_id FROM entries
         WHERE given = :given AND folded <> :whole AND {like_before} AND {found} AND (1, rank, membership_id) > {after}
         ORDER BY rank, membership_id LIMIT :limit)
    ), near AS (
        SELECT * FROM entries
        WHERE (SELECT count(*) FROM named) < :limit AND {found} AND (2, rank, membership_id) > {after}
        ORDER BY rank, membership_id LIMIT :senior
    ), place AS (
        SELECT * FROM named
        UNION ALL
        SELECT 2, rank, membership_id FROM near WHERE folded <> :whole AND given <> :given AND {like}
        ORDER BY match, rank, membership_id LIMIT :limit
    ) {shown}
"""
# materialized: no index has this order, and the planner must not hope for one
EVERYWHERE = """
    WITH found AS MATERIALIZED (
        SELECT CASE WHEN folded = :whole THEN 0 WHEN given = :given THEN 1 ELSE 2 END AS match, rank, membership_id
        FROM entries WHERE {like} AND {found}
    ), place AS (
        SELECT * FROM found WHERE (match, rank, membership_id) > {after}
        ORDER BY match, rank, membership_id LIMIT :limit
    ) {shown}
"""
# How rare the words are decides the plan, so no plan may serve for all words.
PLAN_EACH_TIME = sa.text("SET LOCAL plan_cache_mode = force_custom_plan")


@dataclass(frozen=True)
class Wanted:
    """`words` are folded beginnings of words, in the order typed; `after` is the place where the last page ended."""

    words: tuple[str, ...]
    unit_ids: tuple[str, ...] | None
    post_kind: str | None
    day: date
    after: tuple[int, int, str] | None
    limit: int


def find(tx, wanted: Wanted) -> list:
    """Lines with their places (match, rank, membership_id), in their order."""
    tx.execute(PLAN_EACH_TIME)
    few = wanted.unit_ids is not None and len(wanted.unit_ids) <= FEW
    if len(wanted.words) < RARE and not few:
        found = _ask(tx, WHERE_THE_BEST_ARE, wanted)
        if len(found) == wanted.limit:
            return found
    return _ask(tx, EVERYWHERE, wanted)


def _ask(tx, template: str, wanted: Wanted) -> list:
    after_match, after_rank, after_id = wanted.after or BEFORE_ALL
    values = {
        "whole": " " + " ".join(wanted.words),
        "given": wanted.words[-1] if wanted.words else "",
        "unit_ids": wanted.unit_ids and list(wanted.unit_ids),
        "post_kind": wanted.post_kind,
        "day": wanted.day,
        "after_match": after_match,
        "after_rank": after_rank,
        "after_id": after_id,
        "limit": wanted.limit,
    }
    if template is WHERE_THE_BEST_ARE:
        values["senior"] = SENIOR
    values |= {f"word{place}": f"% {word}%" for place, word in enumerate(wanted.words)}
    return tx.execute(_statement(template, len(wanted.words)), values).all()


@cache
def _statement(template: str, words: int) -> sa.TextClause:
    like = [f"folded LIKE :word{place}" for place in range(words)] or ["true"]
    before = like[:-1] or ["true"]  # the last word is the given name itself there
    query = sa.text(
        template.format(
            found=FOUND, after=AFTER, shown=SHOWN, like=" AND ".join(like), like_before=" AND ".join(before)
        )
    )
    query = query.bindparams(sa.bindparam("unit_ids", type_=ARRAY(Id)), sa.bindparam("after_id", type_=Id))
    return query.columns(membership_id=Id, id=Id, post_id=Id, unit_id=Id)
