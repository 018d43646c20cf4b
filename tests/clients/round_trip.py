"""What a stranger's first program does, by the client that openapi-python-client makes from openapi.yaml.

`python round_trip.py <url> <one's sign-in as JSON> <another's>`, with the folder of `congvu_api` in PYTHONPATH.
"""

import json
import sys
from io import BytesIO
from uuid import uuid4

from congvu_api import AuthenticatedClient, Client
from congvu_api.api.assignments import accept_assignment, get_assignment
from congvu_api.api.directory import list_units
from congvu_api.api.files import create_file, get_file
from congvu_api.api.home import get_home
from congvu_api.api.session import create_token, get_me
from congvu_api.api.tasks import create_task, get_task
from congvu_api.models import Credentials, Mode, NewOrder, Problem, Role, WantedAssignment
from congvu_api.types import File


def signed_in(url: str, credentials: dict) -> AuthenticatedClient:
    answer = create_token.sync(client=Client(base_url=url), body=Credentials.from_dict(credentials))
    return AuthenticatedClient(base_url=url, token=answer.token, raise_on_unexpected_status=True)


def main(url: str, leader: str, head: str) -> None:
    leader, head = (signed_in(url, json.loads(each)) for each in (leader, head))
    post = next(each for each in get_me.sync(client=head).memberships if each.primary)
    assert get_home.sync(client=leader).unavailable == []

    units, cursor = [], None
    while True:  # page by page
        page = list_units.sync(client=leader, limit=100, **({"cursor": cursor} if cursor else {}))
        units += page.items
        if (cursor := page.next_cursor) is None:
            break
    assert post.unit_id in {unit.id for unit in units} and len(units) > 100

    order = NewOrder(
        title="Rà soát phòng cháy chữa cháy tại chợ", content="Kiểm tra, lập danh sách tồn tại.", mode=Mode.JOINT,
        expected_result="Báo cáo", no_deadline=True, assignments=[WantedAssignment(post.unit_id, role=Role.LEAD)],
    )  # fmt: skip
    key = str(uuid4())
    task, again = (create_task.sync(client=leader, body=order, idempotency_key=key) for _ in range(2))
    assert again.id == task.id
    [piece] = task.assignments.items

    read = get_assignment.sync_detailed(piece.id, client=head)
    given = {"client": head, "if_match": read.headers["ETag"], "x_acting_for": str(post.id)}
    accepted = accept_assignment.sync(piece.id, idempotency_key=str(uuid4()), **given)
    assert accepted.state == "in_progress"
    late = accept_assignment.sync_detailed(piece.id, idempotency_key=str(uuid4()), **given)
    assert isinstance(late.parsed, Problem) and (late.status_code, late.parsed.code) == (412, "stale_version")
    found = get_task.sync(task.id, client=leader)
    assert (found.title, found.roll_up.accepted) == (order.title, 1)

    sent = "Danh sách chợ\n".encode()
    file = create_file.sync(
        client=head, body=File(BytesIO(sent)), idempotency_key=str(uuid4()),
        content_disposition="attachment; filename*=UTF-8''danh%20s%C3%A1ch.txt",
    )  # fmt: skip
    assert file.name == "danh sách.txt"
    assert get_file.sync(file.id, client=head).payload.read() == sent
    print(task.id)  # noqa: T201


main(*sys.argv[1:])
