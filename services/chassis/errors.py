"""Refusals and faults.

An exception that carries `refusal_code` is an answer: its code, message, details and whether trying again
helps go to the caller. Every other exception is a fault: it is logged here and the caller learns nothing of it.
"""

from typing import Any


class Refusal(Exception):
    """An answer that says no, from the chassis itself."""

    refusal_code = "refused"
    retryable = False

    def __init__(self, message: str = "", **details: Any):
        super().__init__(message)
        self.message = message
        self.details = details


class DeadlineExceeded(Refusal):
    refusal_code = "deadline_exceeded"
    retryable = True


class DatabaseUnavailable(Refusal):
    refusal_code = "database_unavailable"
    retryable = True


class InvalidRequest(Refusal):
    """The request does not have the form that the contract asks for; `details["errors"]` says where."""

    refusal_code = "invalid_request"


class InvalidToken(Refusal):
    refusal_code = "invalid_token"


class CallerNotListed(Refusal):
    """The procedure does not name this service among its callers."""

    refusal_code = "caller_not_listed"


class IdempotencyKeyReused(Refusal):
    """The same key came with another request."""

    refusal_code = "idempotency_key_reused"


class CallFailed(Refusal):
    """A call to another service that ended without a result: its refusal, or the chassis's own."""

    def __init__(self, code: str, message: str = "", details: dict | None = None, retryable: bool = False):
        super().__init__(message, **(details or {}))
        self.refusal_code = code
        self.retryable = retryable

    @property
    def code(self) -> str:
        return self.refusal_code

    def __str__(self) -> str:
        return f"{self.refusal_code}: {self.message}"


def to_wire(error: BaseException) -> dict[str, Any]:
    """The form in which an error crosses the bus; a fault shows nothing of itself."""
    if (code := getattr(error, "refusal_code", None)) is None:
        return {"code": "internal_error", "message": "", "details": {}, "retryable": False}
    return {
        "code": code,
        "message": getattr(error, "message", ""),
        "details": getattr(error, "details", {}),
        "retryable": bool(getattr(error, "retryable", False)),
    }
