"""One function per verb: one transaction, at most one event."""
