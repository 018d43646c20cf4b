"""What the small services on the chassis promise, each under the name and the account of a real one."""

from marshmallow import RAISE, Schema, fields

from chassis.contract import Procedure

CLAIMS = {
    "sub": "0197c1c8-0280-7103-8386-bbc4cd613e30", "membership_id": None, "delegation_id": None,
    "session_id": "0197c1c8-0280-7103-8386-bbc4cd613e31",
}  # fmt: skip


class Words(Schema):
    class Meta:
        unknown = RAISE

    text = fields.String(required=True)


def echo(owner: str) -> Procedure:
    return Procedure(owner, "echo", Words, Words, "Says it again, for a person.")


def echo_service(owner: str) -> Procedure:
    summary = "Says it again, for a service."
    return Procedure(owner, "echo_service", Words, Words, summary, caller="service", callers=("gateway",))


TEXT = "Rà soát phương án phòng chống ngập mùa mưa, báo cáo trước 17 giờ hôm nay"


def check(answer: str, expected: str) -> None:
    if answer != expected:
        raise AssertionError(f"{answer!r} instead of {expected!r}")
