"""`python -m tests.fuzz.planted <service>`: a service with one fault put in, named by CONGVU_PLANTED_FAULT.

Only `make fuzz-selftest` starts it: the fuzzer must find each.
"""

import os
import sys
from functools import wraps

from chassis import launch  # first: it patches the standard library

# isort: split
from chassis.http import HttpRefusal


def _around(area: type, name: str, change) -> None:
    """The method as it was, but for what `change(answer, asked)` makes of what it answers."""
    method = getattr(area, name)

    @wraps(method)
    def changed(service, *asked, **values):
        return change(method(service, *asked, **values), *asked)

    setattr(area, name, changed)


def a_handler_breaks() -> None:
    from gateway.api.organisation import OrganisationRoutes

    broken = {True: {}}
    _around(OrganisationRoutes, "list_units", lambda answer, request: answer | broken["limit" not in request.args])


def a_status_is_not_declared() -> None:
    from gateway.api.organisation import OrganisationRoutes

    def refuse(answer, _request):
        raise HttpRefusal("wrong_state")

    _around(OrganisationRoutes, "list_units", refuse)


def a_code_is_not_declared() -> None:
    from gateway.api.organisation import OrganisationRoutes

    def refuse(answer, _request):
        raise HttpRefusal("second_official_needed")  # 403, as others that the route declares

    _around(OrganisationRoutes, "list_units", refuse)


def a_name_is_a_number() -> None:
    from gateway.api.organisation import OrganisationRoutes

    def as_number(answer, _request):
        return answer | {"items": [each | {"name": 7} for each in answer["items"]]}

    _around(OrganisationRoutes, "list_units", as_number)


def a_procedure_breaks() -> None:
    from directory.service import Service

    _around(Service, "list_units", lambda answer, _call, request: answer | {"x": {False: 1}[request["limit"] > 100]})


FAULTS = {  # with the service that has it
    a_handler_breaks: "gateway",
    a_status_is_not_declared: "gateway",
    a_code_is_not_declared: "gateway",
    a_name_is_a_number: "gateway",
    a_procedure_breaks: "directory",
}

if __name__ == "__main__":
    service = sys.argv[1]
    for fault, of in FAULTS.items():
        if (fault.__name__, of) == (os.environ["CONGVU_PLANTED_FAULT"], service):
            fault()
    sys.exit(launch.main(service))
