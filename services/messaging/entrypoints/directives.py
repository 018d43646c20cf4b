"""Directives and urgings on the bus, and their receipts."""


class Directives:
    pass
