"""Those who have not chosen a password yet, and giving them one for the first time."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import func, select

from chassis import clock
from chassis.rows import any_of, unnested
from directory.storage import tables as t
from directory.storage.accounts import Care, in_care

STEM = sa.literal_column("regexp_replace(accounts.username, '[0-9]+$', '')", sa.Text)  # as the index has it
NUMBER = func.coalesce(func.nullif(func.substring(t.accounts.c.username, "[0-9]{1,9}$"), ""), "1")


def waiting(tx, unit_ids: list[str], day, *, care: Care | None, limit: int):
    """People whose primary post is in these units and who have never used an account; in the units' order.

    Whoever signed in, has an identity or a second factor, or was given a password by the desk needs the desk. With
    `care` only people in it.
    """

    def of_account(table):
        return sa.exists().where(table.c.account_id == t.accounts.c.id)

    query = (
        select(
            t.people.c.id.label("person_id"), t.people.c.name, t.posts.c.title,
            t.units.c.full_name.label("unit_name"), t.accounts.c.id.label("account_id"), t.accounts.c.username,
        )
        .join_from(t.memberships, t.posts, t.posts.c.id == t.memberships.c.post_id)
        .join(t.units, t.units.c.id == t.posts.c.unit_id)
        .join(t.people, t.people.c.id == t.memberships.c.person_id)
        .outerjoin(t.accounts, t.accounts.c.person_id == t.people.c.id)
        .where(t.posts.c.unit_id == any_of(unit_ids), t.memberships.c.primary, t.live(t.memberships, day))
        .where(t.live(t.posts, day), t.accounts.c.revoked_at.is_(None))
        .where(sa.or_(t.accounts.c.id.is_(None), sa.and_(
            t.accounts.c.kind == "personal",
            sa.or_(t.accounts.c.password_hash.is_(None), t.accounts.c.password_once),
        )))
        .where(t.accounts.c.password_changed_at.is_(None), t.accounts.c.totp_secret.is_(None))
        .where(~of_account(t.known_sources), ~of_account(t.identities))
        .where(~of_account(t.recoveries).where(t.recoveries.c.kind == "password", t.recoveries.c.state == "confirmed"))
        .order_by(t.units.c.code, t.posts.c.rank, t.people.c.folded, t.people.c.id)
        .limit(limit)
    )  # fmt: skip
    if care is not None:
        query = query.where(in_care(care, t.people.c.id, day))
    return tx.execute(query).all()


def taken(tx, stems: list[str]) -> dict[str, int]:
    """The highest number behind each of these stems."""
    query = select(STEM.label("stem"), func.max(sa.cast(NUMBER, sa.Integer)).label("number"))
    return {row.stem: row.number for row in tx.execute(query.where(STEM.in_(set(stems))).group_by(STEM))}


def lock_usernames(tx) -> None:
    """Whoever makes user names at the same time waits."""
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtext("usernames"))))


def give(tx, rows: list[dict], until: datetime) -> list[str]:
    """One-time passwords, for accounts that exist and new ones: rows of person_id, username, password_hash. The
    accounts' ids.
    """
    ids = {"id": [clock.new_id() for _ in rows]}
    columns = {"person_id": t.Id, "username": sa.Text, "password_hash": sa.Text}
    given = unnested(
        id=(t.Id, ids["id"]), **{name: (kind, [row[name] for row in rows]) for name, kind in columns.items()}
    )
    table = t.accounts
    once = {"password_once": sa.true(), "password_until": sa.literal(until, t.Moment)}
    statement = sa.dialects.postgresql.insert(table).from_select(
        ["id", "version", "person_id", "username", "password_hash", *once],
        select(given.c.id, sa.literal(1), given.c.person_id, given.c.username, given.c.password_hash, *once.values()),
    )
    new = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=["person_id"],
        set_={
            "version": table.c.version + 1, "password_hash": new.password_hash,
            "password_once": new.password_once, "password_until": new.password_until,
        },
    )  # fmt: skip
    return list(tx.execute(statement.returning(table.c.id)).scalars())
