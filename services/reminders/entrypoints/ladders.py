"""Ladders on the bus, and the clock that climbs them."""


class Ladders:
    pass
