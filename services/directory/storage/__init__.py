"""The only SQL of the directory (its migrations and the loader's COPY apart)."""
