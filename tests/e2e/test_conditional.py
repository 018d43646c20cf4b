"""Whatever is read may be read conditionally: every address without an id in it, asked twice."""

import pytest

from chassis.testing import until
from gateway import openapi

ROLES = ("administrator", "vice_chairman", "chief_of_office", "auditor")
QUERIES = {
    "search_people": {"q": "nguyen"},
    "search_messages": {"q": "ngập"},
    "list_audit": {"service": "tasks"},
    "list_unit_load": {"audience": "all-wards"},
    "get_period_report": {"from": "2026-01-01", "to": "2026-03-31"},
}
MEASURED = {"get_health"}  # anew each time, in milliseconds
READ = {
    each.operation: each.path.removeprefix("/api/v1")
    for each in openapi.entrypoints()
    if each.method == "GET" and each.meta.answer is not None and "<" not in each.path and each.operation not in MEASURED
}


@pytest.mark.parametrize("operation", READ)
def test_what_has_not_changed_is_not_sent_again(operation, person):
    asked = {"params": QUERIES.get(operation, {})}
    role = next(role for role in ROLES if person(role).get(READ[operation], **asked).status_code != 403)

    def is_told_so() -> bool:
        answer = person(role).get(READ[operation], **asked)
        assert answer.status_code == 200, answer.text
        again = person(role).get(READ[operation], headers={"If-None-Match": answer.headers["ETag"]}, **asked)
        return (again.status_code, again.content) == (304, b"")

    until(is_told_so)  # what other tests have begun comes to rest
