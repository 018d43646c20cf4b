"""How people are reached, on the bus, and what sends to them."""


class Channels:
    pass
