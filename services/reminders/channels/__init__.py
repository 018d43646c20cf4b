"""The ways out: each sends one delivery, and says how that ended.

`send(delivery) -> Sent | Temporary | Permanent` is all that a channel has to have; it may take `SECONDS`.
"""
