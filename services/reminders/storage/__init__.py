"""The only SQL of reminders (its migrations apart)."""
