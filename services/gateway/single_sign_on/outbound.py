"""HTTP to a provider, with limits: what it does slowly, wrongly or not at all must not hold anybody else up."""

import time

import eventlet
import orjson
import requests
import structlog

from chassis.errors import Refusal

log = structlog.get_logger()

SECONDS = 5.0  # for a whole answer
MAX_ANSWER = 256 * 1024  # bytes
AT_ONCE = 8  # calls to one provider; each holds a worker
WAIT_SECONDS = 2.0  # for one's turn
PAUSE_SECONDS = 5.0  # after a failure the next callers are told at once


class ProviderUnavailable(Refusal):
    refusal_code = "provider_unavailable"
    retryable = True


class Outbound:
    """Calls to one provider. Redirects are not followed: an endpoint is where the provider says it is."""

    def __init__(self, name: str, ca_file: str | None = None):
        self._name = name
        self._verify = ca_file or True
        self._places = eventlet.semaphore.Semaphore(AT_ONCE)
        self._paused_until = 0.0

    def get(self, url: str) -> dict:
        status, body = self._call("GET", url)
        if status != 200:
            raise self._failed(f"answers {status}")
        return body

    def post(self, url: str, form: dict, auth: tuple[str, str] | None) -> tuple[int, dict]:
        return self._call("POST", url, data=form, auth=auth)

    def _call(self, method: str, url: str, **kwargs) -> tuple[int, dict]:
        if time.monotonic() < self._paused_until:
            raise ProviderUnavailable("it failed a moment ago")
        if not self._places.acquire(timeout=WAIT_SECONDS):
            raise ProviderUnavailable("too many wait for it")
        limit = eventlet.Timeout(SECONDS)
        try:
            status, raw = self._exchange(method, url, **kwargs)
        except (requests.RequestException, OSError, ValueError) as error:
            raise self._failed(type(error).__name__) from None
        except eventlet.Timeout as timeout:
            if timeout is not limit:
                raise
            raise self._failed("no answer in time") from None
        finally:
            limit.cancel()
            self._places.release()
        if status >= 500 or 300 <= status < 400:
            raise self._failed(f"answers {status}")
        try:
            body = orjson.loads(raw)
        except orjson.JSONDecodeError:
            raise self._failed("its answer is not JSON") from None
        if not isinstance(body, dict):
            raise self._failed("its answer is not an object")
        return status, body

    def _exchange(self, method: str, url: str, **kwargs) -> tuple[int, bytes]:
        with requests.Session() as session:
            session.trust_env = False
            session.headers["Accept"] = "application/json"
            with session.request(
                method, url, allow_redirects=False, stream=True, timeout=SECONDS, verify=self._verify, **kwargs
            ) as answer:
                pieces, size = [], 0
                for piece in answer.iter_content(16 * 1024):
                    pieces.append(piece)
                    size += len(piece)
                    if size > MAX_ANSWER:
                        raise ValueError("too long an answer")
                return answer.status_code, b"".join(pieces)

    def _failed(self, reason: str) -> ProviderUnavailable:
        log.warning("identity provider failed", provider=self._name, reason=reason)
        self._paused_until = time.monotonic() + PAUSE_SECONDS
        return ProviderUnavailable(reason)
