"""One POST to somebody else's service, with limits: what it does slowly, wrongly or endlessly holds nobody else up."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import requests

from chassis.outgoing.addresses import Inside, leads_inside
from chassis.outgoing.answers import Failed

SECONDS = 8.0  # to connect, and between two pieces of the answer; the whole has the caller's limit
MAX_ANSWER = 64 * 1024  # bytes


def post(session: requests.Session, url: str, read: bool = True, **kwargs) -> tuple[int, Mapping[str, str], bytes]:
    """Status, headers and, if it is to be read, the body. Redirects are not followed. Raises Failed, Inside."""
    try:
        return _posted(session, url, read, **kwargs)
    except requests.Timeout as error:
        raise Failed("timed_out") from error
    except (requests.RequestException, OSError) as error:
        if leads_inside(error):
            raise Inside(str(error)) from error
        raise Failed("unreachable" if isinstance(error, requests.ConnectionError) else type(error).__name__) from error


def _posted(session: requests.Session, url: str, read: bool, **kwargs) -> tuple[int, Mapping[str, str], bytes]:
    with session.post(url, allow_redirects=False, stream=True, timeout=SECONDS, **kwargs) as answer:
        if not read:
            return answer.status_code, answer.headers, b""
        pieces, size = [], 0
        for piece in answer.iter_content(16 * 1024):
            size += len(piece)
            if size > MAX_ANSWER:
                raise Failed("too_long")
            pieces.append(piece)
        return answer.status_code, answer.headers, b"".join(pieces)


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> timedelta | None:
    """What Retry-After asks for: seconds, or a date."""
    said = headers.get("Retry-After", "").strip()
    if said.isascii() and said.isdigit() and len(said) <= 9:
        return timedelta(seconds=int(said))
    try:
        at = parsedate_to_datetime(said)
    except (ValueError, TypeError, OverflowError):  # of a date that is none
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(at - (now or datetime.now(UTC)), timedelta())
