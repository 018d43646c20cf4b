"""What is too large for a database and for the bus: bytes under a key, in a store that several services share.

A key is given once. Nothing of a blob is there until all of it is.
"""
