"""The tables of files and every query on them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from chassis.rows import Id, any_of, unnested

metadata = sa.MetaData()
Moment = sa.DateTime(timezone=True)

files = sa.Table(
    "files", metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("name", sa.Text),
    sa.Column("state", sa.Text),
    sa.Column("refusal", JSONB(none_as_null=True)),
    sa.Column("blob_id", Id),
    sa.Column("size", sa.BigInteger),
    sa.Column("sha256", sa.Text),
    sa.Column("media_type", sa.Text),
    sa.Column("scan", sa.Text),
    sa.Column("scan_failed_at", Moment),
    sa.Column("uploaded_by_person_id", Id),
    sa.Column("uploaded_at", Moment),
    sa.Column("keep_until", Moment),
)  # fmt: skip
uploads = sa.Table(
    "file_uploads", metadata,
    sa.Column("blob_id", Id, primary_key=True),
    sa.Column("file_id", Id),
    sa.Column("begun_at", Moment),
)  # fmt: skip
attachments = sa.Table(
    "file_attachments", metadata,
    sa.Column("file_id", Id, primary_key=True),
    sa.Column("service", sa.Text, primary_key=True),
    sa.Column("subject_id", Id, primary_key=True),
)  # fmt: skip


def unattached_of(tx, person_id: str) -> int:
    query = select(sa.func.count()).where(files.c.uploaded_by_person_id == person_id, files.c.keep_until.is_not(None))
    return tx.execute(query).scalar_one()


def add_file(tx, file: Mapping) -> None:
    tx.execute(insert(files).values(**file))


def add_upload(tx, blob_id: str, file_id: str, now: datetime) -> None:
    tx.execute(insert(uploads).values(blob_id=blob_id, file_id=file_id, begun_at=now))


def end_upload(tx, blob_id: str) -> None:
    tx.execute(delete(uploads).where(uploads.c.blob_id == blob_id))


def find_file(tx, file_id: str, *, lock: bool = False) -> Mapping | None:
    query = select(files).where(files.c.id == file_id)
    return tx.execute(query.with_for_update() if lock else query).mappings().one_or_none()


def is_upload_of(tx, blob_id: str, file_id: str) -> bool:
    query = select(uploads.c.file_id).where(uploads.c.blob_id == blob_id, uploads.c.file_id == file_id)
    return tx.execute(query).first() is not None


def uploads_of(tx, file_id: str) -> int:
    return tx.execute(select(sa.func.count()).where(uploads.c.file_id == file_id)).scalar_one()


def change_file(tx, file_id: str, **changes) -> Mapping:
    return tx.execute(update(files).where(files.c.id == file_id).values(**changes).returning(files)).mappings().one()


def hold(tx, person_id: str, file_ids: Iterable[str], until: datetime) -> list[Mapping]:
    """Those of them that the person has handed in and that are kept, for some time yet."""
    query = update(files).where(files.c.id == any_of(file_ids), files.c.uploaded_by_person_id == person_id)
    query = query.where(files.c.state == "kept").values(
        keep_until=sa.case((files.c.keep_until.is_not(None), sa.func.greatest(files.c.keep_until, until)))
    )
    return list(tx.execute(query.returning(files)).mappings())


def attach(tx, service: str, subject_id: str, file_ids: Sequence[str]) -> None:
    given = unnested(file_id=(Id, list(file_ids)))
    known = select(files.c.id, sa.literal(service), sa.literal(subject_id, Id)).where(files.c.id.in_(select(*given.c)))
    known = known.where(files.c.state == "kept")
    new = insert(attachments).from_select(["file_id", "service", "subject_id"], known)
    tx.execute(new.on_conflict_do_nothing())
    stay = update(files).where(files.c.id == any_of(file_ids), files.c.state == "kept")
    tx.execute(stay.values(keep_until=None))


def release(tx, service: str, subject_ids: Iterable[str], until: datetime) -> None:
    """What hangs on nothing else is kept until then. That is looked at when nobody attaches it any more."""
    gone = delete(attachments).where(attachments.c.service == service, attachments.c.subject_id == any_of(subject_ids))
    file_ids = set(tx.execute(gone.returning(attachments.c.file_id)).scalars())
    held = select(files.c.id).where(files.c.id == any_of(file_ids)).order_by(files.c.id)
    tx.execute(held.with_for_update())
    loose = update(files).where(files.c.id == any_of(file_ids))
    loose = loose.where(~select(attachments).where(attachments.c.file_id == files.c.id).exists())
    tx.execute(loose.values(keep_until=until))


def attached_at(tx, file_id: str) -> list[str]:
    """The services at which it is attached to something."""
    query = select(attachments.c.service).where(attachments.c.file_id == file_id).distinct()
    return list(tx.execute(query.order_by(attachments.c.service)).scalars())


def subjects_of(tx, file_id: str, service: str) -> list[str]:
    """What a service has attached it to."""
    query = select(attachments.c.subject_id).where(attachments.c.file_id == file_id, attachments.c.service == service)
    return list(tx.execute(query).scalars())


def uploads_before(tx, moment: datetime, limit: int) -> list[str]:
    query = select(uploads.c.blob_id).where(uploads.c.begun_at < moment).order_by(uploads.c.begun_at).limit(limit)
    return list(tx.execute(query).scalars())


def forget_uploads(tx, blob_ids: Iterable[str]) -> None:
    tx.execute(delete(uploads).where(uploads.c.blob_id == any_of(blob_ids)))


def doom(tx, now: datetime, limit: int) -> list[Mapping]:
    """Files whose time is over and of which nothing is on its way: nobody can attach them any more."""
    over = (
        select(files.c.id)
        .where(files.c.keep_until < now, ~select(uploads).where(uploads.c.file_id == files.c.id).exists())
        .order_by(files.c.keep_until)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    query = update(files).where(files.c.id.in_(over)).values(state="refused")
    return list(tx.execute(query.returning(files.c.id, files.c.blob_id)).mappings())


def forget_files(tx, file_ids: Iterable[str]) -> None:
    tx.execute(delete(files).where(files.c.id == any_of(file_ids)))


def scan_failed(tx, file_id: str, now: datetime) -> None:
    tx.execute(update(files).where(files.c.id == file_id).values(scan_failed_at=now))


def next_unchecked(tx, before: datetime) -> Mapping | None:
    """One that nobody has failed to scan since: those first that nobody has tried."""
    tried = files.c.scan_failed_at
    query = select(files).where(files.c.state == "kept", files.c.scan == "unchecked")
    query = query.where(tried.is_(None) | (tried < before)).order_by(tried.nulls_first(), files.c.id)
    return tx.execute(query.limit(1)).mappings().one_or_none()
