"""Announcements."""


class AnnouncementsRoutes:
    pass
