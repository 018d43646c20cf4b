"""Finding people as one types, the obvious first, whether the word is rare or is "nguyen".

A line's place is (match, away, rank, membership): how well it matches, whether it belongs to another department or
commune than the seeker, how senior the post is. No index knows that order, and sorting all 19,000 Nguyễns for the
first 20 would take longer than typing. So a search walks first where the best are, and only so far: the seeker's own
people, whole names, the names that people are called by, the most senior lines. What walks do not find is rare, and
an index over the beginnings of words finds it all. The same again with the words of posts and units, if names alone
do not fill the page. Each step runs only if those before it have not found enough. Three words of a name are rare once
the last is more than a beginning, so there the index is asked at once.

The statements are text, one for each number of words, and PostgreSQL keeps their plans: a search runs at every
keystroke, and making and planning it would cost more than running it.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from directory.domain.searching import FEWEST_DIGITS, Query

Id = sa.Uuid(as_uuid=False)
LONGEST_KEY = 7  # letters, as in line_keys of the migration
ENOUGH = (21, 51, 101, 201)  # how many lines a statement looks for
WALK = 50  # for each line that is looked for, so many are walked past at most
RARE = 3  # so many words of a name, if the last has as many letters

VALID = "valid_from <= :day AND (valid_to IS NULL OR valid_to > :day)"
# A name is found by beginnings of its words, a post and a unit by their whole words: each is an entry that a new line
# has to make in the index. Which of their words begin as it was typed, `post_words` knows.
NAME_KEY = f"hashtext(left(:word{{}}, {LONGEST_KEY}))"
EITHER_KEY = """{{keys}} && (
    SELECT array_agg(hashtext('*' || word)) || {name_key}
    FROM post_words WHERE word >= :word{place} COLLATE "C" AND word < (:word{place} || '~') COLLATE "C")"""
# match: 0 the whole name, 1 the name that he is called by, 2 beginnings of words of the name,
# 3 words of name, post and unit; the more, the fewer of them stand side by side there as they were typed, and one more
# if the last does not end what it is taken from
PARTS = {
    "own": """
        own AS MATERIALIZED (SELECT top_id FROM entries WHERE person_id = :seeker AND {valid} ORDER BY rank LIMIT 1)
    """,
    "line": """
        membership_id, rank, top_id,
        CASE WHEN {named} THEN {how_named} ELSE 3 + {apart} + CAST(words NOT LIKE :ends AS int) END AS match
    """,
    "name_line": "membership_id, rank, top_id, {how_named} AS match",
    "how_named": "CASE WHEN named = :whole THEN 0 WHEN named LIKE :last THEN 1 ELSE 2 END",
    "number_line": "membership_id, rank, top_id, 0 AS match",
    "walk_own": """
        (SELECT {walked}, words, digits FROM entries WHERE top_id = (SELECT top_id FROM own) AND {found}
         ORDER BY rank, membership_id LIMIT {walk}) own_lines
    """,
    "walk_given": """
        (SELECT {walked} FROM entries WHERE given = :given AND {found}
         ORDER BY rank, membership_id LIMIT {walk}) given_lines
    """,
    "walk_senior": """
        (SELECT {walked}, words, digits FROM entries WHERE {found}
         ORDER BY rank, membership_id LIMIT {walk}) senior_lines
    """,
    "walked": "membership_id, rank, top_id, named",
    "first": "ORDER BY rank, membership_id LIMIT {enough}",
    "keys": "line_keys(named, words, digits)",
}
WALKS = """
    SELECT {name_line} FROM {walk_own} WHERE {named}
    UNION
    (SELECT {name_line} FROM entries WHERE named = :whole AND {found} {first})
    UNION
    (SELECT {name_line} FROM {walk_given} WHERE {named} {first})
    UNION
    (SELECT {name_line} FROM {walk_senior} WHERE {named} {first})
"""
NO_WALKS = "SELECT {line} FROM entries WHERE false"
BY_WORDS = """
WITH {own}, best AS MATERIALIZED ({walks}), by_name AS MATERIALIZED (
    SELECT * FROM best
    UNION
    SELECT {line} FROM entries
    WHERE (SELECT count(*) FROM best) < {enough} AND {keys} @> ARRAY[{name_keys}] AND {named} AND {found}
), by_post AS MATERIALIZED (
    SELECT * FROM by_name
    UNION
    SELECT {line} FROM {walk_own} WHERE (SELECT count(*) FROM by_name) < {enough} AND {worded}
    UNION
    (SELECT {line} FROM {walk_senior} WHERE (SELECT count(*) FROM by_name) < {enough} AND {worded} {first})
), everything AS (
    SELECT * FROM by_post
    UNION
    SELECT {line} FROM entries
    WHERE (SELECT count(*) FROM by_post) < {enough} AND {either_keys} AND {worded} AND {found}
), """
BY_DIGITS = """
WITH {own}, best AS MATERIALIZED (
    SELECT {number_line} FROM {walk_own} WHERE {worded}
    UNION
    (SELECT {number_line} FROM {walk_senior} WHERE {worded} {first})
), everything AS (
    SELECT * FROM best
    UNION
    SELECT {number_line} FROM entries
    WHERE (SELECT count(*) FROM best) < {enough} AND {worded} AND {found}
        AND {keys} @> (SELECT array_agg(hashtext('#' || three)) FROM unnest(CAST(:threes AS text[])) three)
), """
IN_UNITS = "WITH {own}, everything AS (SELECT {line} FROM entries WHERE {found} AND {worded}), "
NUMBER_IN_UNITS = "WITH {own}, everything AS (SELECT {number_line} FROM entries WHERE {found} AND {worded}), "
WITHOUT_WORDS = "WITH {own}, everything AS (SELECT {number_line} FROM entries WHERE {found} {first}), "
SHOWN = """place AS (
    SELECT *, top_id IS DISTINCT FROM (SELECT top_id FROM own) AS away FROM everything
    ORDER BY match, away, rank, membership_id OFFSET :offset LIMIT :limit
)
SELECT CAST(coalesce(json_agg(shown), '[]') AS text) FROM (
    SELECT p.id, p.name, CASE WHEN coalesce(p.shown_to->>'phone', 'city') = 'city' THEN p.phone END AS phone,
        CASE WHEN coalesce(p.shown_to->>'email', 'city') = 'city' THEN p.email END AS email,
        o.id AS post_id, o.kind AS post_kind, o.title, u.id AS unit_id, u.full_name AS unit_name
    FROM place JOIN entries e USING (membership_id) JOIN people p ON p.id = e.person_id
        JOIN posts o ON o.id = e.post_id JOIN units u ON u.id = e.unit_id
    ORDER BY place.match, place.away, place.rank, membership_id
) shown"""
KNOWN = sa.text("""
    SELECT asked.word, EXISTS (
        SELECT FROM vocabulary WHERE word >= asked.word COLLATE "C" AND word < (asked.word || '~') COLLATE "C"
    ) AS known FROM unnest(CAST(:words AS text[])) asked(word)
""")
SPELLINGS = sa.text("SELECT word, lines FROM vocabulary WHERE word = ANY(CAST(:words AS text[])) ORDER BY lines DESC")


@dataclass(frozen=True)
class Wanted:
    """`unit_ids` and `post_kind` narrow the search; `seeker_id` is the person whose own people come first."""

    query: Query
    seeker_id: str
    day: date
    unit_ids: tuple[str, ...] | None = None
    post_kind: str | None = None
    offset: int = 0
    limit: int = 21


def find(tx, wanted: Wanted) -> list[dict]:
    """Lines in their order. They come as one text: the driver would take as long for their fields as the search."""
    query = wanted.query
    enough = next(number for number in ENOUGH if number >= wanted.offset + wanted.limit)
    rare = len(query.words) >= RARE and len(query.words[-1]) >= RARE
    statement = _statement(
        bool(query.digits), len(query.words), rare, enough, wanted.unit_ids is not None, wanted.post_kind is not None
    )
    values = {"seeker": wanted.seeker_id, "day": wanted.day, "offset": wanted.offset, "limit": wanted.limit}
    if wanted.unit_ids is not None:
        values["unit_ids"] = list(wanted.unit_ids)
    if wanted.post_kind is not None:
        values["post_kind"] = wanted.post_kind
    if query.digits:
        places = range(len(query.digits) - FEWEST_DIGITS + 1)
        values["like0"] = f"%{query.digits}%"
        if wanted.unit_ids is None:
            values["threes"] = [query.digits[place : place + FEWEST_DIGITS] for place in places]
    elif query.words:
        values |= {f"like{place}": f"% {word}%" for place, word in enumerate(query.words)}
        values |= {"whole": " " + " ".join(query.words), "given": query.words[-1]}
        values["last"] = f"% {query.words[-1]}"
        values["ends"] = f"% {query.words[-1]}|%"
        values |= {f"pair{place}": f"% {one} {other}%" for place, (one, other) in enumerate(pairwise(query.words))}
        if wanted.unit_ids is None:
            values |= {f"word{place}": word for place, word in enumerate(query.words)}
    return orjson.loads(tx.execute(statement, values).scalar_one())


def unknown_words(tx, words: tuple[str, ...]) -> set[str]:
    """Those with which no word of any line begins."""
    return {row.word for row in tx.execute(KNOWN, {"words": list(words)}) if not row.known}


def spelled(tx, forms: list[str]) -> list[str]:
    """Which of these forms are words of lines, the most frequent first."""
    return [row.word for row in tx.execute(SPELLINGS, {"words": forms})]


@cache
def _statement(digits: bool, words: int, rare: bool, enough: int, in_units: bool, of_post: bool) -> sa.TextClause:
    if not digits and not words:
        template = WITHOUT_WORDS
    elif in_units:
        template = NUMBER_IN_UNITS if digits else IN_UNITS
    else:
        template = BY_DIGITS if digits else BY_WORDS
    column = "digits" if digits else "words"
    parts = PARTS | {
        "valid": VALID,
        "found": VALID + " AND unit_id = ANY(:unit_ids)" * in_units + " AND post_kind = :post_kind" * of_post,
        "named": " AND ".join(f"named LIKE :like{place}" for place in range(words)),
        "worded": " AND ".join(f"{column} LIKE :like{place}" for place in range(1 if digits else words)),
        "apart": " + ".join(["0", *(f"2 * CAST(words NOT LIKE :pair{place} AS int)" for place in range(words - 1))]),
        "name_keys": ", ".join(NAME_KEY.format(place) for place in range(words)),
        "either_keys": " AND ".join(
            EITHER_KEY.format(place=place, name_key=NAME_KEY.format(place)) for place in range(words)
        ),
        "walks": NO_WALKS if rare else WALKS,
        "enough": enough,
        "walk": enough * WALK,
    }
    query = sa.text(_filled(template + SHOWN, parts))
    typed = {"seeker": Id, "unit_ids": ARRAY(Id), "threes": ARRAY(sa.Text)}
    used = [sa.bindparam(name, type_=kind) for name, kind in typed.items() if f":{name}" in query.text]
    return query.bindparams(*used)


def _filled(text: str, parts: dict) -> str:
    """Parts stand in parts."""
    while "{" in text:
        text = text.format(**parts)
    return text
