"""How a service runs: bus, database, timers, HTTP edge, health. No business noun may appear in here."""
