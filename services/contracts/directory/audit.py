"""The directory's audit log."""

from contracts.audit import list_audit_of

list_audit = list_audit_of("directory")
