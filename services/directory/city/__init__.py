"""A city to work in: real units, generated people. The same seed makes the same city, to the last id."""

from directory.city.build import City, build
from directory.city.structure import units

__all__ = ["City", "build", "units"]
