"""The one door for clients: HTTP, sessions, live streams, assembling. No business rule."""
