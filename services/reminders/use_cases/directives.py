"""Directives (chỉ đạo): what posts are to acknowledge, and whoever does not is told of by their ladder."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from reminders.domain.items import ACKNOWLEDGED, WITHDRAWN, of_directive, of_directive_no_longer
from reminders.use_cases import watching
from reminders.use_cases.items import say, take


def follow(tx, message: Mapping) -> None:
    """What only mentions somebody asks nothing, nor does a task's urging: the task does."""
    if message["asked"] and message["change"] == "posted":
        _ask(tx, message)
    elif message["asked"] and message["change"] == "withdrawn":
        _withdraw(tx, message)


def _ask(tx, message: Mapping) -> None:
    known = [of_directive(message, each) for each in message["asked"]]
    watched = [watching.of_directive(message, each) for each in message["asked"]]
    _follow(tx, known, watched, message["id"], message["sent_at"])


def acknowledge(tx, receipt: Mapping) -> None:
    _no_longer(tx, receipt, [receipt], ACKNOWLEDGED, receipt["receipt_id"])


def _withdraw(tx, message: Mapping) -> None:
    """Whoever has not acknowledged it need not any more."""
    withdrawn = {"message_id": message["id"], "at": message["changed_at"], "sender_post_id": message["sender_post_id"]}
    _no_longer(tx, withdrawn, message["asked"], WITHDRAWN, message["id"])


def _no_longer(tx, change: Mapping, asked: Sequence[Mapping], version: int, subject: str) -> None:
    message_id, at = change["message_id"], change["at"]
    known = [of_directive_no_longer(message_id, each, version, at) for each in asked]
    watched = [watching.of_directive_no_longer(change, each, version) for each in asked]
    _follow(tx, known, watched, subject, at)


def _follow(tx, known: Sequence[Mapping], watched: Sequence[Mapping], subject: str, at: datetime) -> None:
    taken = take(tx, known)
    watching.follow_directives(tx, watched)
    say(tx, taken.raised, taken.closed, subject, known[0]["version"], at)
