"""What a file would change: its lines against the directory as it is. Nothing is read or written here.

A line is `new`, `changed` or unchanged; what the directory has and the file has not is `gone`; a line that is wrong in
itself is `invalid`, and one that cannot be true together with the others or with the directory is a `conflict`.
"""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from directory.domain import contact
from directory.domain.columns import Fault, Line
from directory.domain.employees import bare
from directory.domain.organisation import ABOVE, COMMUNE_LEVEL, POSTS_IN
from directory.domain.posts import RANKS

KINDS = ("new", "changed", "gone", "conflict", "invalid")
BLOCKING = ("conflict", "invalid")


@dataclass
class Difference:
    """`changes` are {column: (before, after)}; `act` is what has to be done, in ids of the directory."""

    kind: str
    key: str
    line: int | None = None
    changes: dict[str, tuple] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    act: dict = field(default_factory=dict)

    def plain(self) -> dict:
        changes = [{"column": name, "before": pair[0], "after": pair[1]} for name, pair in self.changes.items()]
        faults = [fault.plain() for fault in self.faults]
        return {"kind": self.kind, "line": self.line, "key": self.key, "changes": changes, "faults": faults}

    def clashes(self, column: str | None, code: str) -> None:
        self.kind = "conflict"
        self.faults.append(Fault(column, code))


@dataclass
class Comparison:
    unchanged: int = 0
    differences: list[Difference] = field(default_factory=list)

    def add(self, difference: Difference) -> None:
        """Kept, unless it is none."""
        if difference.kind == "changed" and not difference.changes:
            self.unchanged += 1
        else:
            self.differences.append(difference)

    def counts(self) -> dict[str, int]:
        found = Counter(each.kind for each in self.differences)
        return {kind: found[kind] for kind in KINDS} | {"unchanged": self.unchanged}

    @property
    def versions(self) -> dict[str, int]:
        """Of the people of whom something is to change, as they were compared."""
        people = (each.act["person"] for each in self.differences if "person" in each.act)
        return {person["id"]: person["version"] - 1 for person in people if person["id"]}

    @property
    def blocked(self) -> bool:
        return any(each.kind in BLOCKING for each in self.differences)

    def to_do(self, end_missing: bool) -> Iterator[Difference]:
        return (each for each in self.differences if each.kind != "gone" or end_missing)


@dataclass(frozen=True)
class Unit:
    id: str
    values: dict  # by column
    has_posts: bool = False
    in_scope: bool = True


@dataclass(frozen=True)
class Post:
    id: str
    unit_code: str
    values: dict  # by column
    is_held: bool = False
    in_scope: bool = True


@dataclass(frozen=True)
class Holding:
    """A person in a post, now or from a day to come (`planned`)."""

    id: str
    post_id: str
    primary: bool
    planned: bool = False


@dataclass
class Person:
    id: str
    values: dict  # the name, and how he can be reached
    holdings: list[Holding] = field(default_factory=list)
    version: int = 0


PostKey = tuple[str, str, str, int]  # unit's code, kind, title, number among the equal ones


def _checked(comparison: Comparison, lines: Sequence[Line], key_of, same=lambda key: key) -> Iterator[tuple]:
    """The lines that are right in themselves, with their keys; a key that occurs twice is wrong wherever it stands.
    `same` is what two keys for one thing have in common.
    """
    lines = [(line, key_of(line)) for line in lines]
    times = Counter(same(key) for line, key in lines if not line.faults)
    for line, key in lines:
        faults = list(line.faults)
        if not faults and times[same(key)] > 1:
            faults = [Fault(None, "duplicate_key")]
        if faults:
            comparison.add(Difference("invalid", _shown(key), line.number, faults=faults))
        else:
            yield line, key


def _shown(key) -> str:
    return " / ".join(str(part) for part in key if part is not None) if isinstance(key, tuple) else str(key or "")


def _changes(line: Line, before: dict, columns: Sequence[str]) -> dict[str, tuple]:
    """Only what the file says something about can change."""
    return {
        name: (before.get(name), line.values[name])
        for name in columns
        if name in line.values and line.values[name] != before.get(name)
    }


# units


UNIT_COLUMNS = ("kind", "name", "full_name", "full_name_en", "parent_code")


def compare_units(
    lines: Sequence[Line], present: dict[str, Unit], ended_codes: frozenset[str], end_missing: bool
) -> Comparison:
    comparison = Comparison()
    found: dict[str, Difference] = {}
    for line, code in _checked(comparison, lines, lambda line: line.get("code")):
        here = present.get(code)
        if here is None:
            changes = _changes(line, {}, ("code", *UNIT_COLUMNS))
            found[code] = Difference("new", code, line.number, changes)
            if code in ended_codes:
                found[code].clashes("code", "code_ended")
        else:
            found[code] = Difference("changed", code, line.number, _changes(line, here.values, UNIT_COLUMNS))
            found[code].act = {"id": here.id}
            if not here.in_scope:
                found[code].clashes("code", "outside_unit")
            elif "kind" in found[code].changes:
                found[code].clashes("kind", "kind_changes")
    named = {line.get("code") for line in lines}
    gone = {code for code, unit in present.items() if code not in named and unit.in_scope}
    stay = {code: unit.values["parent_code"] for code, unit in present.items() if not (end_missing and code in gone)}
    parents = stay | {code: each.changes["parent_code"][1] for code, each in found.items()
                      if "parent_code" in each.changes}  # fmt: skip
    parents |= {code: None for code in found if code not in parents}
    roots = [code for code, parent in parents.items() if parent is None]
    kinds = {code: unit.values["kind"] for code, unit in present.items()}
    kinds |= {code: each.changes["kind"][1] for code, each in found.items() if code not in present}
    for code, each in found.items():
        if parents[code] is not None and parents[code] not in parents:
            each.clashes("parent_code", "unknown_unit")
        elif parents[code] is None and len(roots) > 1 and (each.kind == "new" or "parent_code" in each.changes):
            each.clashes("parent_code", "second_root")
        elif "parent_code" in each.changes and _in_a_circle(code, parents):
            each.clashes("parent_code", "cycle")
        elif "parent_code" in each.changes and not _may_stand(kinds[code], kinds.get(parents[code])):
            each.clashes("parent_code", "unit_misplaced")
    for code in sorted(gone):
        unit = present[code]
        ended = Difference("gone", code, act={"id": unit.id})
        if end_missing and (unit.has_posts or code in parents.values()):
            ended.clashes(None, "unit_in_use")
        comparison.add(ended)
    for each in found.values():
        comparison.add(each)
    return comparison


def _may_stand(kind: str, above: str | None) -> bool:
    return above in ABOVE[kind] if above else not ABOVE[kind]


def _in_a_circle(code: str, parents: dict[str, str | None]) -> bool:
    seen = {code}
    above = parents.get(code)
    while above is not None and above not in seen:
        seen.add(above)
        above = parents.get(above)
    return above == code


# posts


def compare_posts(
    lines: Sequence[Line], present: dict[PostKey, Post], units: dict[str, Unit], end_missing: bool
) -> Comparison:
    comparison = Comparison()
    found: dict[PostKey, Difference] = {}
    for line, key in _checked(comparison, lines, _post_key):
        here = present.get(key)
        if here is None:
            named = dict(zip(("unit_code", "kind", "title", "number"), key, strict=True))
            changes = {name: (None, value) for name, value in named.items()}
            changes["is_head"] = (None, bool(line.get("is_head")))
            changes["rank"] = (None, line.get("rank") or _rank(key, units))
            found[key] = Difference("new", _shown(key), line.number, changes)
            if key[0] not in units:
                found[key].clashes("unit_code", "unknown_unit")
            elif key[1] not in POSTS_IN[units[key[0]].values["kind"]]:
                found[key].clashes("kind", "post_misplaced")
        else:
            changes = _changes(line, here.values, ("is_head", "rank"))
            if changes.get("rank") == (here.values["rank"], None):
                del changes["rank"]  # an empty cell says nothing about it
            found[key] = Difference("changed", _shown(key), line.number, changes, act={"id": here.id})
        if key[0] in units and not units[key[0]].in_scope:
            found[key].clashes("unit_code", "outside_unit")
    named = {_post_key(line) for line in lines}
    gone = {key: post for key, post in present.items() if key not in named and post.in_scope}
    heads = defaultdict(set)
    for key, post in present.items():
        if post.values["is_head"] and not (end_missing and key in gone):
            heads[key[0]].add(key)
    for key, each in found.items():
        if "is_head" in each.changes:
            (heads[key[0]].add if each.changes["is_head"][1] else heads[key[0]].discard)(key)
    for key, each in found.items():
        if len(heads[key[0]]) > 1 and each.changes.get("is_head", (None, False))[1]:
            each.clashes("is_head", "second_head")
        comparison.add(each)
    for key, post in sorted(gone.items()):
        ended = Difference("gone", _shown(key), act={"id": post.id})
        if end_missing and post.is_held:
            ended.clashes(None, "post_in_use")
        comparison.add(ended)
    return comparison


def _rank(key: PostKey, units: dict[str, Unit]) -> int:
    """The city's own departments come before the commune level."""
    path, code = [], key[0]
    while code in units and code not in path:
        path.append(code)
        code = units[code].values["parent_code"]
    return RANKS[key[1]] + any(units[each].values["kind"] in COMMUNE_LEVEL for each in path)


def _post_key(line: Line) -> PostKey:
    return line.get("unit_code"), line.get("kind"), line.get("title"), line.get("number") or 1


# people


PERSON_COLUMNS = ("name", *contact.FIELDS)


@dataclass
class Posts:
    """The posts that there are, to be found by what a line says of them. `units` are the codes of all units."""

    by_key: dict[PostKey, Post]
    units: Container[str]

    def __post_init__(self):
        self.by_id = {post.id: (key, post) for key, post in self.by_key.items()}
        self._titles = defaultdict(set)
        for unit_code, kind, title, _ in self.by_key:
            self._titles[unit_code, kind].add(title)

    def find(self, line: Line, held: Iterable[str]) -> tuple[Post | None, Fault | None]:
        """Without a title the only one of its kind is meant; without a number the one that he holds, else the first."""
        unit_code, kind, title, number = (line.get(f) for f in ("unit_code", "post_kind", "post_title", "post_number"))
        if title is None:
            titles = self._titles[unit_code, kind]
            if len(titles) > 1:
                return None, Fault("post_title", "ambiguous_post")
            title = next(iter(titles), None)
        if number is None:
            own = (self.by_id[id_] for id_ in held if id_ in self.by_id)
            number = next((key[3] for key, _ in own if key[:3] == (unit_code, kind, title)), 1)
        post = self.by_key.get((unit_code, kind, title, number))
        if post is None:
            if unit_code not in self.units:
                return None, Fault("unit_code", "unknown_unit")
            return None, Fault("post_title" if line.get("post_title") else "post_kind", "unknown_post")
        return post, None if post.in_scope else Fault("unit_code", "outside_unit")

    def shown(self, post_id: str | None) -> str | None:
        return _shown(self.by_id[post_id][0]) if post_id in self.by_id else None


def compare_people(
    lines: Sequence[Line],
    present: dict[str, Person],
    posts: Posts,
    taken_emails: frozenset[str],
    others: dict[str, int],
    end_missing: bool,
) -> Comparison:
    """`taken_emails` belong to people without a number, who cannot be compared; `others` counts them by the post which
    heads a unit.
    """  # fmt: skip
    comparison = Comparison()
    spelled = {bare(number): number for number in present}
    placed = _placed(comparison, lines, present, posts, spelled)
    kept: set[str] = set()  # holdings that go on
    leaving: set[str] = set()
    found: list[tuple[Difference, str | None]] = []  # with the post that is newly taken
    for number, (primary, secondary) in placed.items():
        person = present.get(number)
        lines_of = {post.id for _, post in (primary, *secondary)}
        named: set[str] = set()
        for line, post in (primary, *secondary):
            if post.id in named:
                comparison.add(Difference("invalid", number, line.number, faults=[Fault(None, "duplicate_key")]))
                continue
            named.add(post.id)
            is_primary = line is primary[0]
            difference = Difference("changed" if person else "new", number, line.number)
            difference.act = {"person_id": person and person.id}
            if is_primary:
                _compare_person(difference, line, person, taken_emails)
            taken = _compare_holding(difference, post, is_primary, person, posts, lines_of, kept, leaving)
            found.append((difference, taken))
    staying = Counter(others)
    numbers = {line.get("employee_number") for line in lines} - {None}
    unreadable = {spelled.get(bare(number)) for number in numbers} - placed.keys()
    all_gone = []
    for number, person in present.items():
        for holding in person.holdings:
            if holding.planned or holding.id in leaving:
                continue
            in_scope = holding.post_id in posts.by_id and posts.by_id[holding.post_id][1].in_scope
            if holding.id not in kept and in_scope and number not in unreadable:
                shown = {"post": (posts.shown(holding.post_id), None)}
                gone = Difference("gone", number, None, shown, act={"end": [holding.id], "person_id": person.id})
                all_gone.append(gone)
                if end_missing:
                    continue
            staying[holding.post_id] += 1
    staying.update(taken for _, taken in found if taken)
    for difference, taken in found:
        if taken and staying[taken] > 1 and posts.by_id[taken][1].values["is_head"]:
            difference.clashes("unit_code", "post_held")
        comparison.add(difference)
    for gone in all_gone:
        comparison.add(gone)
    return comparison


def _placed(
    comparison: Comparison, lines: Sequence[Line], present: dict[str, Person], posts: Posts, spelled: dict[str, str]
) -> dict:
    """By number: the primary line and the others, each with its post. `spelled`: numbers as the directory writes them,
    by what they are bare; those of new people are added as the file does.
    """
    primaries, secondaries = {}, defaultdict(list)
    for line, key in _checked(comparison, lines, _person_key, lambda key: (bare(key[0]), *key[1:])):
        number = spelled.setdefault(bare(key[0]), key[0])
        person = present.get(number)
        post, fault = posts.find(line, [holding.post_id for holding in person.holdings] if person else ())
        if fault:
            comparison.add(Difference("invalid", number, line.number, faults=[fault]))
        elif len(key) == 1:
            primaries[number] = line, post
        else:
            secondaries[number].append((line, post))
    for number, others in secondaries.items():
        if number not in primaries:
            for line, _ in others:
                comparison.add(Difference("invalid", number, line.number, faults=[Fault("primary", "no_primary")]))
    return {number: (primary, secondaries.get(number, ())) for number, primary in primaries.items()}


def _person_key(line: Line) -> tuple:
    number = line.get("employee_number")
    if line.values.get("primary", True):
        return (number,)
    return (number, *(line.get(name) for name in ("unit_code", "post_kind", "post_title", "post_number")))


def _compare_person(difference: Difference, line: Line, person: Person | None, taken_emails: frozenset[str]) -> None:
    before = person.values if person else {}
    if person is None:
        difference.changes["employee_number"] = (None, difference.key)
    difference.changes |= _changes(line, before, PERSON_COLUMNS)
    if difference.changes:
        after = {name: line.values.get(name, before.get(name)) for name in PERSON_COLUMNS}
        version = person.version + 1 if person else 1
        difference.act["person"] = after | {
            "id": person and person.id, "version": version, "employee_number": difference.key,
        }  # fmt: skip
    if "email" in difference.changes and line.get("email") in taken_emails:
        difference.clashes("email", "email_taken")


def _compare_holding(
    difference: Difference, post: Post, primary: bool, person: Person | None, posts: Posts, lines_of: set, kept: set,
    leaving: set,
) -> str | None:  # fmt: skip
    """Notes what he takes up and leaves; answers the post that he has not held before. Of a post that he goes on
    holding only what it is to him changes, the membership is the same. `lines_of` are the posts that his lines name.
    """
    holdings = person.holdings if person else ()
    now = [holding for holding in holdings if not holding.planned]
    own = next((h for h in now if h.post_id == post.id and h.id not in kept), None)
    if own:
        kept.add(own.id)
        if own.primary == primary:
            return None
    ending = [h for h in now if primary and h.primary and h.post_id not in lines_of]
    leaving.update(h.id for h in ending)
    difference.act |= {"end": sorted(h.id for h in ending), "primary": primary}
    if own:
        difference.changes["primary"] = (own.primary, primary)
        difference.act["turn"] = own.id
    else:
        before = next((h.post_id for h in ending), None)
        difference.changes["post"] = (posts.shown(before), posts.shown(post.id))
        difference.act["take"] = post.id
    if primary and any(h.planned and h.primary for h in holdings):
        difference.clashes("unit_code", "planned_change")
    if any(h.primary and h.post_id in posts.by_id and not posts.by_id[h.post_id][1].in_scope for h in ending):
        difference.clashes("unit_code", "outside_unit")
    return None if own else post.id
