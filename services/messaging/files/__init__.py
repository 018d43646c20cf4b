"""The store of files: what was handed in, what it is, and how long it stays."""
