"""A service's own copy of the directory's facts, so that it answers and decides without asking anybody.

Filled from `directory.get_changes`, kept fresh by the directory's events, its age counted from the heartbeat.
"""

from kernel.directory_copy.facts import hold_copy, read_state
from kernel.directory_copy.filling import DirectoryCopy
from kernel.directory_copy.hearing import HearsDirectory
from kernel.directory_copy.queries import (
    Audience,
    HeadPost,
    Post,
    Unit,
    answering,
    audience_unit_ids,
    has_clerk,
    has_ended,
    head_posts,
    heads_by_code,
    holders,
    newest_version,
    people_with_posts,
    posts,
    posts_of_kind,
    require_fresh,
    require_fresh_if_lent,
    resolve_actor,
    serving,
    standing_posts,
    unit_audiences,
    unit_names,
    units_below,
    units_of_kinds,
    units_of_posts,
    working_days,
)
from kernel.directory_copy.tables import create_tables

__all__ = [
    "Audience",
    "DirectoryCopy",
    "HeadPost",
    "HearsDirectory",
    "Post",
    "Unit",
    "answering",
    "audience_unit_ids",
    "create_tables",
    "has_clerk",
    "has_ended",
    "head_posts",
    "heads_by_code",
    "hold_copy",
    "holders",
    "newest_version",
    "people_with_posts",
    "posts",
    "posts_of_kind",
    "read_state",
    "require_fresh",
    "require_fresh_if_lent",
    "resolve_actor",
    "serving",
    "standing_posts",
    "unit_audiences",
    "unit_names",
    "units_below",
    "units_of_kinds",
    "units_of_posts",
    "working_days",
]
