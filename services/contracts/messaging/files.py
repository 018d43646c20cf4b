"""The store of files: its procedures are messaging's, its forms are those of all who attach files."""

from contracts.files import begin_file, finish_file, hold_files, open_file  # noqa: F401
