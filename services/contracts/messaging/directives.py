"""Directives and urgings, and their receipts."""
