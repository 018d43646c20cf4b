"""Directives (chỉ đạo): what posts are to acknowledge, and whoever does not is told of by their ladder."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from reminders.domain.items import ACKNOWLEDGED, WITHDRAWN, of_directive, of_directive_no_longer
from reminders.use_cases import watching
from reminders.use_cases.items import say, take


def ask(tx, message: Mapping) -> None:
    """Of an ordinary message nothing. A task's urging asks nobody here: the task does."""
    if message["asked"]:
        known = [of_directive(message, each) for each in message["asked"]]
        watched = [watching.of_directive(message, each) for each in message["asked"]]
        _follow(tx, known, watched, message["id"], message["sent_at"])


def acknowledge(tx, receipt: Mapping) -> None:
    _no_longer(tx, receipt, [receipt], ACKNOWLEDGED)


def withdraw(tx, change: Mapping) -> None:
    """Whoever has not acknowledged it need not any more. What is only edited asked nobody."""
    if change["change"] == "withdrawn" and change["asked"]:
        withdrawn = {"message_id": change["id"], "at": change["changed_at"], "sender_post_id": change["sender_post_id"]}
        _no_longer(tx, withdrawn, change["asked"], WITHDRAWN)


def _no_longer(tx, change: Mapping, asked: Sequence[Mapping], version: int) -> None:
    message_id, at = change["message_id"], change["at"]
    known = [of_directive_no_longer(message_id, each, version, at) for each in asked]
    watched = [watching.of_directive_no_longer(change, each, version) for each in asked]
    _follow(tx, known, watched, message_id, at)


def _follow(tx, known: Sequence[Mapping], watched: Sequence[Mapping], message_id: str, at: datetime) -> None:
    taken = take(tx, known)
    watching.follow_directives(tx, watched)
    say(tx, taken.raised, taken.closed, message_id, known[0]["version"], at)
