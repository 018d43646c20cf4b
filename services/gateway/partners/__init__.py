"""Platforms of the city without an account at the broker: what they say arrives signed over HTTP, and what is published
is brought to the address that the operator has registered (decision 0055).
"""
