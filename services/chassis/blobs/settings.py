"""Where the blobs are, from the environment."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from environs import Env, ValidationError


@dataclass(frozen=True)
class Place:
    """A folder, or a bucket with how to reach it."""

    folder: str = ""
    bucket: str = ""
    prefix: str = ""
    endpoint: str = ""  # without one it is Amazon's
    region: str = "us-east-1"
    key: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)


def read_place(env: Env) -> Place | None:
    """None where no store is set. Raises environs.EnvError when it is set wrongly."""
    given = env.str("FILES", "", validate=lambda given: given and _check(given))
    if not given.startswith("s3://"):
        return Place(folder=given) if given else None
    parts = urlsplit(given)
    return Place(
        bucket=parts.netloc,
        prefix=parts.path.strip("/"),
        endpoint=env.str("FILES_S3_ENDPOINT", "", validate=lambda given: given and _check_endpoint(given)),
        region=env.str("FILES_S3_REGION", "us-east-1"),
        key=env.str("FILES_S3_KEY"),
        secret=env.str("FILES_S3_SECRET"),
    )


def _check(given: str) -> None:
    if given.startswith("s3://"):
        if not urlsplit(given).netloc:
            raise ValidationError("name a bucket: s3://bucket or s3://bucket/prefix")
    elif not given.startswith("/"):
        raise ValidationError("give the absolute path of a folder, or s3://bucket/prefix")
    elif not Path(given).is_dir() or not os.access(given, os.R_OK | os.W_OK | os.X_OK):
        raise ValidationError("there is no folder of this name that this process may write to")


def _check_endpoint(given: str) -> None:
    if urlsplit(given).scheme not in ("http", "https") or not urlsplit(given).netloc:
        raise ValidationError("must be an address that begins with http:// or https://")
