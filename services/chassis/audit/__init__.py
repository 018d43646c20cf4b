"""The audit log: who did what to whom, in the transaction of the act itself, chained by hashes, anchored outside.

Written by `tx.audit(...)` (chassis.database); nothing here imports that module.
"""
