"""Files of results and reports."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy import insert, select

from chassis.rows import Id, any_of, unnested
from tasks.storage.tables import attachments

OWN = ("file_id", "name", "media_type", "size")


def attach(tx, subject_id: str, assignment_id: str, files: Sequence[Mapping]) -> None:
    if not files:
        return
    rows = unnested(
        place=(sa.Integer(), list(range(len(files)))),
        file_id=(Id, [file["id"] for file in files]),
        name=(sa.Text(), [file["name"] for file in files]),
        media_type=(sa.Text(), [file["media_type"] for file in files]),
        size=(sa.BigInteger(), [file["size"] for file in files]),
    )
    chosen = select(sa.literal(subject_id, Id), sa.literal(assignment_id, Id), *rows.c)
    tx.execute(insert(attachments).from_select(["subject_id", "assignment_id", "place", *OWN], chosen))


def with_files(tx, rows: Sequence[Mapping]) -> list[dict]:
    """Results, or reports, with the files of each."""
    query = select(attachments).where(attachments.c.subject_id == any_of(row["id"] for row in rows))
    found = defaultdict(list)
    for file in tx.execute(query.order_by(attachments.c.subject_id, attachments.c.place)).mappings() if rows else ():
        found[file["subject_id"]].append(dict(file) | {"id": file["file_id"]})
    return [dict(row) | {"files": found[row["id"]]} for row in rows]


def pieces_with(tx, file_id: str) -> list[str]:
    query = select(attachments.c.assignment_id).where(attachments.c.file_id == file_id).distinct()
    return list(tx.execute(query).scalars())
