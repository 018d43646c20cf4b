"""Personal reminders on the bus, and the clock that fires them."""


class Personal:
    pass
