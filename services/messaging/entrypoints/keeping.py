"""How long things are kept, on the bus: retention, legal hold, exports, erasure."""


class Keeping:
    pass
