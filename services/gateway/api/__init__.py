"""The routes of the public API, area by area: a few lines each that ask a service."""
