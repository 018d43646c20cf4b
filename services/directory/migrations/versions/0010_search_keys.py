"""Fewer and cheaper keys for the searched lines: whole words of posts and units, and numbers in the place of texts."""

from alembic import op

revision = "0010"
down_revision = "0009"

TABLES = """
-- Words of posts and units that lines have, to know those that begin as somebody types. It may hold words that no line
-- has any more.
CREATE TABLE post_words (word text COLLATE "C" PRIMARY KEY);
INSERT INTO post_words
    SELECT DISTINCT word FROM (SELECT DISTINCT regexp_replace(words, '^[^|]*\\|[^|]*\\|', '') FROM entries) forms(form),
        regexp_split_to_table(form, '[| ]+') word
    WHERE word <> '';

-- What a line is found by: beginnings of the words of the name and of its initials, "*" and each word of post and unit,
-- "#" and three digits of a number. As numbers, which an index compares faster than texts; one that stands for two
-- texts does no harm, because what is found is looked at again. `words` begins with the name and its initials.
CREATE FUNCTION line_keys(named text, words text, digits text) RETURNS integer[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    keys integer[] := '{}';
    initials text := split_part(words, '|', 2);
    word text;
BEGIN
    FOREACH word IN ARRAY string_to_array(named || initials, ' ') LOOP
        FOR n IN 1 .. least(length(word), 7) LOOP
            keys := keys || hashtext(left(word, n));
        END LOOP;
    END LOOP;
    FOREACH word IN ARRAY string_to_array(replace(substr(words, length(named || initials) + 3), '|', ''), ' ') LOOP
        keys := keys || hashtext('*' || word);
    END LOOP;
    FOREACH word IN ARRAY string_to_array(digits, ' ') LOOP
        FOR n IN 1 .. length(word) - 2 LOOP
            keys := keys || hashtext('#' || substr(word, n, 3));
        END LOOP;
    END LOOP;
    RETURN keys;
END
$$;

-- New lines wait in a list and are taken into the index some three hundred at a time, which costs a fifth. A search
-- reads the list through: it is kept so short that this takes a fraction of a millisecond.
DROP INDEX entries_keys;
DROP FUNCTION search_keys;
CREATE INDEX entries_keys ON entries USING gin (line_keys(named, words, digits))
    WITH (fastupdate = on, gin_pending_list_limit = 256);
-- no statistics: making the keys of a sample takes ANALYZE longer than all the rest, and no plan depends on them
ALTER INDEX entries_keys ALTER COLUMN 1 SET STATISTICS 0;
"""


def upgrade():
    op.execute(TABLES)
