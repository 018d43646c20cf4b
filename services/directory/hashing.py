"""How passwords are hashed: argon2id, with parameters that OWASP recommends. Memory in KiB."""

from argon2 import PasswordHasher

HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
