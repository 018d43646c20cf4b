"""What SCIM says of a person, and what of it the directory takes over.

A SCIM resource is a dictionary as RFC 7643 writes it. What a client says is kept as it was said; the directory's own
name, numbers and address follow from it. The employee number stands only in the directory: by it files know people.
"""

import hashlib
import json
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, replace

from directory.domain.contact import visibilities
from directory.domain.employees import is_employee_number
from directory.domain.organisation import SPECIAL_POSTS, Membership

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
UNIT = "urn:congvu:scim:schemas:extension:unit:1.0:Group"
BESIDE = ("schemas", "id", "meta", "groups", "userName", "active", "externalId")  # kept elsewhere, or not the client's
LONGEST = 300  # characters of a value
MOST = 20  # values of an attribute
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
PROTECTED_POSTS = SPECIAL_POSTS  # no machine ends or renames their holders
GENERIC_POST = "official"  # the only kind of post that a machine gives and takes
ALWAYS = ("schemas", "id")
REACHED_BY = {"phone": "phoneNumbers", "mobile": "phoneNumbers", "email": "emails"}


@dataclass(frozen=True)
class Taken:
    """What the directory takes over of what was said."""

    name: str
    phone: str | None
    mobile: str | None
    email: str | None
    employee_number: str | None = None


@dataclass(frozen=True)
class Held:
    """A membership with its post's unit and kind."""

    membership: Membership
    unit_id: str
    kind: str


def taken(user: dict) -> Taken:
    emails, phones = user.get("emails", []), user.get("phoneNumbers", [])
    return Taken(
        name=_name_of(user) or user["userName"],
        phone=_first(phones, lambda each: each.get("type") == "work", lambda each: "type" not in each),
        mobile=_first(phones, lambda each: each.get("type") == "mobile"),
        email=_first(
            emails, lambda each: each.get("primary"), lambda each: each.get("type") == "work", lambda each: True
        ),
        employee_number=number_in(user),
    )


def number_in(user: dict) -> str | None:
    return user.get(ENTERPRISE, {}).get("employeeNumber")


def numbered(user: dict, number: str | None) -> dict:
    """The same with this employee number, or without any."""
    others = {name: value for name, value in user.get(ENTERPRISE, {}).items() if name != "employeeNumber"}
    enterprise = others | ({"employeeNumber": number} if number else {})
    rest = {name: value for name, value in user.items() if name != ENTERPRISE}
    return rest | ({ENTERPRISE: enterprise} if enterprise else {})


def taken_beside(user: dict, now: Taken) -> Taken:
    """What is taken over of somebody whom the directory knows already: silence takes nothing away."""
    said = taken(user)
    told = {name: value for name, value in asdict(said).items() if value is not None}
    return replace(now, **told | {"name": _name_of(user) or now.name, "employee_number": now.employee_number})


def _name_of(user: dict) -> str:
    """The displayed name goes first, then the whole one, then its parts in the order of this country."""
    name = user.get("name", {})
    parts = " ".join(filter(None, (name.get(part) for part in ("familyName", "middleName", "givenName"))))
    return user.get("displayName") or name.get("formatted") or parts


def _first(values: list[dict], *wanted) -> str | None:
    for wants in wanted:
        for each in values:
            if each.get("value") and wants(each):
                return each["value"]
    return None


def known(own: dict, now: Taken, shown_to: dict) -> Taken:
    """What a client may know: of the telephone numbers and the address those that it said itself (`own`), and those
    that everybody may see; the employee number if it said it itself.
    """
    shown = visibilities(shown_to, ())
    hidden = [
        name for name, said in REACHED_BY.items()
        if shown[name] != "city" and getattr(now, name) not in {each.get("value") for each in own.get(said, [])}
    ]  # fmt: skip
    if number_in(own) != now.employee_number:
        hidden.append("employee_number")
    return replace(now, **dict.fromkeys(hidden))


def kept(taken: Taken, now: Taken, known: Taken) -> Taken:
    """A number or address that a client may not know is not taken away by its silence."""
    names = (*REACHED_BY, "employee_number")
    unknown = [name for name in names if getattr(known, name) is None and getattr(taken, name) is None]
    return replace(taken, **{name: getattr(now, name) for name in unknown})


def said_now(said: dict | None, then: Taken | None, now: Taken, known: Taken | None = None, own: bool = True) -> dict:
    """What was said, but for what somebody else has changed in the directory since: there the directory is right.

    `known` is what of it the client may know; of numbers and addresses that another client said (not `own`), it knows
    no more.
    """
    known = known or now
    user = dict(said or {})
    if then is None or then.name != now.name:
        user |= {"displayName": now.name, "name": {"formatted": now.name, **parts_of(now.name)}}
    if then is None or not own or (then.phone, then.mobile) != (now.phone, now.mobile):
        numbers = (("work", known.phone), ("mobile", known.mobile))
        user["phoneNumbers"] = [{"value": number, "type": kind} for kind, number in numbers if number]
    if then is None or not own or then.email != now.email:
        user["emails"] = [{"value": known.email, "type": "work", "primary": True}] if known.email else []
    user = numbered(user, now.employee_number)
    return {name: value for name, value in user.items() if value not in ([], {}, None)}


def parts_of(name: str) -> dict[str, str]:
    """The parts of a Vietnamese name: the family's, those between, and the one that the person is called by."""
    words = name.split()
    family, between, given = words[:1] if len(words) > 1 else [], words[1:-1], words[-1:]
    parts = {"familyName": " ".join(family), "middleName": " ".join(between), "givenName": " ".join(given)}
    return {part: words for part, words in parts.items() if words}


def fault_in(value, path: str = "") -> str | None:
    """What of a resource cannot be kept: too long, too many, or with characters that nobody sees."""
    if isinstance(value, str):
        if len(value) > LONGEST:
            return f"{path} is longer than {LONGEST} characters"
        if any(unicodedata.category(c) in ("Cc", "Cs", "Cn") or c in TURNING for c in value):
            return f"{path} has characters that cannot be seen"
        if not value.strip():
            return f"{path} is empty"
    elif isinstance(value, list):
        if len(value) > MOST:
            return f"{path} has more than {MOST} values"
        return next(filter(None, (fault_in(each, path) for each in value)), None)
    elif isinstance(value, dict):
        return next(
            filter(None, (fault_in(each, f"{path}.{name}" if path else name) for name, each in value.items())), None
        )
    return None


def fault_in_number(user: dict) -> str | None:
    number = number_in(user)
    if number is None or is_employee_number(number):
        return None
    return "employeeNumber has at most 64 letters and digits, with dots, hyphens, slashes and underscores between"


def username_of(text: str) -> str | None:
    """A user name as accounts have it, or None if it cannot be one."""
    name = unicodedata.normalize("NFC", text.strip()).lower()
    return name if 0 < len(name) <= 100 and not any(c.isspace() for c in name) else None


def unit_codes(user: dict) -> list[str]:
    """What may name the unit where somebody works, the smallest first."""
    enterprise = user.get(ENTERPRISE, {})
    return [enterprise[name] for name in ("division", "department", "organization") if name in enterprise]


def moves(held: list[Held], before: str | None, within: Collection[str]) -> tuple[list[Held], bool]:
    """Which of his posts an official leaves when another unit is named for him, and whether he takes one up there.

    `before` is the unit that was named for him until now, `within` the unit that is named and those below it. Whoever
    works in one of these already stays where he is.
    """
    leaves = [
        each
        for each in held
        if each.kind == GENERIC_POST
        and each.unit_id not in within
        and (each.unit_id == before or (within and each.membership.primary))
    ]
    return leaves, bool(within) and not any(each.unit_id in within for each in held)


def version_of(resource: dict) -> str:
    """The entity tag of a resource: another one whenever anything that it shows is another."""
    content = {name: value for name, value in resource.items() if name != "meta"}
    written = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return f'W/"{hashlib.sha256(written.encode()).hexdigest()[:20]}"'


def matches(if_match: str, version: str) -> bool:
    """Whether an If-Match header names this version; weak and strong tags count alike."""
    tags = {tag.strip().removeprefix("W/") for tag in if_match.split(",")}
    return "*" in tags or version.removeprefix("W/") in tags


def part_of(resource: dict, attributes: Iterable[str], excluded: Iterable[str]) -> dict:
    """The resource with these attributes only, or without those; names and paths count without case."""
    wanted, unwanted = ({_path(each) for each in names} - {()} for names in (attributes, excluded))
    if not wanted and not unwanted:
        return resource
    shown = {name: value for name, value in resource.items() if name in ALWAYS}
    for name, value in resource.items():
        if name not in ALWAYS and (part := _part(name, value, wanted, unwanted)) not in (None, {}, []):
            shown[name] = part
    shown["schemas"] = [each for place, each in enumerate(resource["schemas"]) if place == 0 or each in shown]
    return shown


def _path(name: str) -> tuple[str, ...]:
    """ "name.givenName" -> ("name", "givenname"); an extension's urn is the first step of its attributes' paths."""
    lowered = name.strip().lower()
    for extension in (ENTERPRISE.lower(), UNIT.lower()):
        if lowered.startswith(extension):
            rest = lowered[len(extension) :].strip(":")
            return (extension, *filter(None, rest.split(".")))
    return tuple(filter(None, lowered.rpartition(":")[2].split(".")))


def _part(name: str, value, wanted: set[tuple], unwanted: set[tuple]):
    """What remains of an attribute: `wanted` and `unwanted` are paths that begin at it."""
    wanted_in = {path[1:] for path in wanted if path[0] == name.lower()}
    unwanted_in = {path[1:] for path in unwanted if path[0] == name.lower()}
    if () in unwanted_in or (wanted and not wanted_in):
        return None
    inner_wanted = set() if () in wanted_in else wanted_in
    if not inner_wanted and not unwanted_in:
        return value
    if isinstance(value, list):
        return [part for each in value if (part := _inside(each, inner_wanted, unwanted_in))]
    return _inside(value, inner_wanted, unwanted_in)


def _inside(value, wanted: set[tuple], unwanted: set[tuple]):
    if not isinstance(value, dict):
        return value if not wanted else None
    parts = {name: _part(name, each, wanted, unwanted) for name, each in value.items()}
    return {name: part for name, part in parts.items() if part is not None}
