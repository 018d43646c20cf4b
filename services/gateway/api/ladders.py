"""Ladders, for operators."""


class LaddersRoutes:
    pass
