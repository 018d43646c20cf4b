"""Bringing data in: a file is read, compared and applied in a process of its own, `python -m directory.importing`."""
