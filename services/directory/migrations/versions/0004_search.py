"""Searching as people type; how people can be reached, and who may know it; how many were shown to whom."""

from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = """
-- `shown_to` holds what the person chose himself: field -> city, unit, staff or self.
ALTER TABLE people
    ADD COLUMN mobile text,
    ADD COLUMN room text,
    ADD COLUMN shown_to jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN version bigint NOT NULL DEFAULT 1;

-- The lines of the directory as they are searched: a person in a post, flattened, made anew from the other tables
-- whenever one of them changes. `named` is the folded name, `words` are all words that it is found by, `digits` the
-- numbers that everybody may see.
DROP TABLE entries;
CREATE TABLE entries (
    membership_id uuid PRIMARY KEY REFERENCES memberships ON DELETE CASCADE,
    person_id uuid NOT NULL REFERENCES people ON DELETE CASCADE,
    post_id uuid NOT NULL REFERENCES posts,
    unit_id uuid NOT NULL REFERENCES units,
    top_id uuid NOT NULL REFERENCES units,
    post_kind text NOT NULL,
    rank integer NOT NULL,
    named text NOT NULL,
    given text NOT NULL,
    words text NOT NULL,
    digits text NOT NULL,
    valid_from date NOT NULL,
    valid_to date
);

-- What a line is found by: beginnings of the name's words, "*" and beginnings of any word, "#" and three digits of a
-- number. Whole keys, because an index finds those that a line has together without reading all that have one.
CREATE FUNCTION search_keys(named text, words text, digits text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    keys text[] := '{}';
    word text;
BEGIN
    FOREACH word IN ARRAY string_to_array(named, ' ') LOOP
        FOR n IN 1 .. least(length(word), 7) LOOP
            keys := keys || left(word, n);
        END LOOP;
    END LOOP;
    FOREACH word IN ARRAY string_to_array(replace(words, '|', ''), ' ') LOOP
        FOR n IN 1 .. least(length(word), 7) LOOP
            keys := keys || ('*' || left(word, n));
        END LOOP;
    END LOOP;
    FOREACH word IN ARRAY string_to_array(digits, ' ') LOOP
        FOR n IN 1 .. length(word) - 2 LOOP
            keys := keys || ('#' || substr(word, n, 3));
        END LOOP;
    END LOOP;
    RETURN keys;
END
$$;

CREATE INDEX entries_keys ON entries USING gin (search_keys(named, words, digits)) WITH (fastupdate = off);
-- no statistics: making the keys of a sample takes ANALYZE longer than all the rest, and no plan depends on them
ALTER INDEX entries_keys ALTER COLUMN 1 SET STATISTICS 0;
CREATE INDEX entries_whole ON entries (named, rank, membership_id);
CREATE INDEX entries_given ON entries (given, rank, membership_id);
CREATE INDEX entries_rank ON entries (rank, membership_id);
CREATE INDEX entries_kind ON entries (post_kind, rank, membership_id);
CREATE INDEX entries_top ON entries (top_id, rank, membership_id);
CREATE INDEX entries_unit ON entries (unit_id, rank, membership_id);
CREATE INDEX entries_person ON entries (person_id);
CREATE INDEX entries_post ON entries (post_id);

-- Words that lines have, to know a slip of the finger by. It may hold words that nobody bears any more.
CREATE TABLE vocabulary (
    word text COLLATE "C" PRIMARY KEY,
    lines integer NOT NULL
);

-- Whom an account's person was shown on a day, and how many. Unlogged: a crash of the database begins the day anew,
-- and in return a search waits for no disk.
CREATE UNLOGGED TABLE shown_people (
    viewer_id uuid NOT NULL,
    day date NOT NULL,
    person_id uuid NOT NULL,
    PRIMARY KEY (viewer_id, day, person_id)
);
CREATE UNLOGGED TABLE shown_counts (
    viewer_id uuid NOT NULL,
    day date NOT NULL,
    people integer NOT NULL,
    refused boolean NOT NULL DEFAULT false,
    PRIMARY KEY (viewer_id, day)
);
CREATE INDEX shown_people_day ON shown_people (day);
"""


def upgrade():
    op.execute(TABLES)  # the lines themselves are made when all migrations are done: env.py
