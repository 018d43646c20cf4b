"""The launcher, after something has imported psycopg: its waiting in C is chosen and can no longer be changed."""

import sys

import psycopg  # noqa: F401

from chassis import launch

sys.exit(launch.main(sys.argv[1]))
