"""How a rule says no."""


class Refused(Exception):
    """A foreseen "no": an answer to the caller, never a fault of ours.

    `refusal_code` is stable and is what the edge translates; `message` is English, for developers.
    """

    def __init__(self, code: str, message: str = "", *, retryable: bool = False, **details):
        super().__init__(message or code)
        self.refusal_code = code
        self.message = message or code
        self.retryable = retryable
        self.details = details
