"""Bringing tasks in: a file is read, compared and taken in a process of its own, `python -m tasks.importing`."""
