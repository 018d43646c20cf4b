"""Modules that a process imports when it first needs them: what few calls use must not make every start longer."""

from importlib import import_module


class Later:
    """Stands for a module; whoever takes something out of it has it imported."""

    def __init__(self, name: str):
        self._name = name

    def __getattr__(self, attribute: str):
        return getattr(import_module(self._name), attribute)
