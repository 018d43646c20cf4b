"""Directives and urgings, and their receipts."""


class DirectivesRoutes:
    pass
