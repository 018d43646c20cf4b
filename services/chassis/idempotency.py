"""One answer per key: a client that does not know whether its request arrived may send it again."""

import hashlib
from collections.abc import Callable

import orjson
import sqlalchemy as sa

from chassis.database import Transaction
from chassis.errors import IdempotencyKeyReused
from chassis.wire import to_json

_CLAIM = sa.text(
    "INSERT INTO idempotency (who, key, request_hash) VALUES (:who, :key, :hash) ON CONFLICT DO NOTHING RETURNING key"
)
_STORED = sa.text("SELECT request_hash, answer FROM idempotency WHERE who = :who AND key = :key")
_KEEP = sa.text("UPDATE idempotency SET answer = CAST(:answer AS jsonb) WHERE who = :who AND key = :key")


def answer_once(tx: Transaction, *, who: str, key: str, request: object, produce: Callable[[], dict]) -> dict:
    """The stored answer if `who` has used `key` for this request before, otherwise what `produce` makes.

    The key is claimed and the answer kept in the transaction of the act itself, so neither can stand without the
    other; a second request at the same time waits for the first one's commit.
    Raises IdempotencyKeyReused when the key came with another request.
    """
    canonical = orjson.dumps(request, default=str, option=orjson.OPT_SORT_KEYS)
    request_hash = hashlib.sha256(canonical).hexdigest()
    if tx.execute(_CLAIM, {"who": who, "key": key, "hash": request_hash}).first() is None:
        stored = tx.execute(_STORED, {"who": who, "key": key}).one()
        if stored.request_hash != request_hash:
            raise IdempotencyKeyReused("this Idempotency-Key was used for another request")
        return stored.answer
    answer = produce()
    tx.execute(_KEEP, {"who": who, "key": key, "answer": to_json(answer)})
    return answer
