"""Announcements on the bus."""


class Announcements:
    pass
