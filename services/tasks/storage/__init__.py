"""The only SQL of tasks (its migrations apart).

Ids are UUIDv7, so the order of ids is the order of issue: lists are sorted and cut by id alone.
"""
