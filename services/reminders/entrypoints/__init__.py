"""reminders on the bus, area by area: load, call, dump."""
