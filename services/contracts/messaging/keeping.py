"""Retention, legal hold, exports, erasure."""
