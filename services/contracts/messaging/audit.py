"""The audit log of messaging."""

from contracts.audit import list_audit_of

list_audit = list_audit_of("messaging")
