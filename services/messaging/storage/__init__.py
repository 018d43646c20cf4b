"""The only SQL of messaging (its migrations apart)."""
