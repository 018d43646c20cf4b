"""Ladders: the rules by which a matter is brought up again, higher each time, and what changed rules would do."""
