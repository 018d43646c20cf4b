"""Nudges (nhắc): attempts to get a person's attention."""
