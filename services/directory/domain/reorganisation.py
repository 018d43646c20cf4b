"""What becomes of everything when units are made, renamed, moved, merged, split or dissolved on a day.

* **establish**: a unit with the post that heads it. Whichever way a unit begins, it joins the standing audiences of
  its kind.
* **rename**: the unit keeps its id, its posts and people. Names that end in its old name (its divisions', the titles of
  posts) end in the new one.
* **move**: it stands below another unit, with everything below it.
* **merge**, **split**, **dissolve**: units end and others are their successors.
  What stands directly below an ended unit moves to its successor, with its posts and people (a dissolved unit's ends
  with it). Posts that head ended units end. The other posts end too, and each has one like it in the successor, held
  by the same people; a dissolved unit's have none. A membership ends with its post, what its holder lent ends with the
  membership, and the most senior of the posts that a person has left becomes his primary one. In the audiences a
  successor stands where the ended unit stood, if it is of the kind that the audience is for.

Former states are kept, so that every day has its answer. Pure: the same city, command, day and ids give the same end.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date

from directory.domain.appointments import with_a_primary
from directory.domain.delegations import lapse
from directory.domain.organisation import (
    AUDIENCE_KINDS,
    DIRECTLY_BELOW,
    HEAD_KIND,
    Membership,
    Organisation,
    Post,
    Unit,
    closes_no_circle,
    code_is_new,
    ended,
    handed_over_kind,
    head_title,
    may_stand_below,
    open_after,
    rank_of,
)
from kernel.errors import Refused

NewId = Callable[[], str]


@dataclass(frozen=True)
class NewUnit:
    code: str
    kind: str
    name: str
    full_name: str
    full_name_en: str | None = None
    head_title: str | None = None


@dataclass(frozen=True)
class Establish:
    unit: NewUnit
    parent_id: str


@dataclass(frozen=True)
class Rename:
    unit_id: str
    name: str
    full_name: str
    full_name_en: str | None = None


@dataclass(frozen=True)
class Move:
    unit_id: str
    parent_id: str


@dataclass(frozen=True)
class Merge:
    """`into` is a unit that there is, or a new one in the place of the first."""

    unit_ids: tuple[str, ...]
    into: str | NewUnit


@dataclass(frozen=True)
class Part:
    """`takes`: the divisions and posts of the old unit that come here. The first part takes what nobody names."""

    unit: NewUnit
    takes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Split:
    unit_id: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Dissolve:
    """Without successors the unit above answers for what was done."""

    unit_id: str
    successor_ids: tuple[str, ...] = ()


Command = Establish | Rename | Move | Merge | Split | Dissolve


@dataclass(frozen=True)
class Successor:
    unit_id: str
    successor_id: str
    how: str


@dataclass
class Changes:
    """Every fact as it is afterwards, what it was before, who follows whom, and who has no post any more."""

    units: dict[str, Unit] = field(default_factory=dict)
    posts: dict[str, Post] = field(default_factory=dict)
    memberships: dict[str, Membership] = field(default_factory=dict)
    delegations: dict = field(default_factory=dict)
    audiences: dict = field(default_factory=dict)
    former: list[Unit | Post] = field(default_factory=list)
    successors: list[Successor] = field(default_factory=list)
    without_post: list[str] = field(default_factory=list)


def changed(command: Command) -> list[str]:
    """The units that a command makes different."""
    match command:
        case Establish():
            return []
        case Merge(unit_ids):
            return list(unit_ids)
        case _:
            return [command.unit_id]


def receiving(command: Command) -> list[str]:
    """The units that take something up by it, or follow."""
    match command:
        case Establish(parent_id=unit_id) | Move(parent_id=unit_id) | Merge(into=str(unit_id)):
            return [unit_id]
        case Dissolve(successor_ids=unit_ids):
            return list(unit_ids)
        case _:
            return []


def concerned(command: Command) -> list[str]:
    return [*changed(command), *receiving(command)]


def ends_posts(command: Command) -> bool:
    """Whether it matters to a command who holds what."""
    return isinstance(command, Merge | Split | Dissolve)


def spares_the_top(city: Organisation, command: Command) -> None:
    """The city's committee is renamed, and nothing else. This needs no more of the city than its units."""
    if isinstance(command, Rename):
        return
    for place, unit_id in enumerate(changed(command)):
        if unit_id in city.units and city.units[unit_id].parent_id is None:
            where = f"unit_ids.{place}" if isinstance(command, Merge) else "unit_id"
            raise Refused("unit_is_the_top", "The city's committee itself is not reorganised here.", field=where)


def reorganise(city: Organisation, command: Command, day: date, new_id: NewId) -> Changes:
    """What a command comes to on a day, or the rule that it breaks. `city` stays as it was."""
    spares_the_top(city, command)
    draft = _Draft(city, day, new_id)
    STEPS[type(command)](draft, command)
    draft.settle()
    return draft.changes


class _Draft:
    """The city while it changes, and what was changed."""

    def __init__(self, city: Organisation, day: date, new_id: NewId):
        self.city = Organisation(
            dict(city.units), dict(city.posts), dict(city.memberships), dict(city.delegations), dict(city.audiences),
            city.codes,
        )  # fmt: skip
        self.day, self.new_id = day, new_id
        self.changes = Changes()

    def put(self, kind: str, fact):
        getattr(self.city, kind)[fact.id] = fact
        getattr(self.changes, kind)[fact.id] = fact
        return fact

    def restate(self, kind: str, fact) -> None:
        """A unit or a post is different from this day on; how it was is kept."""
        before = getattr(self.city, kind)[fact.id]
        if before.changed_on < self.day:
            self.changes.former.append(replace(before, valid_from=before.changed_on, valid_to=self.day))
        self.put(kind, replace(fact, changed_on=max(self.day, before.changed_on)))

    def living(self, unit_id: str, where: str) -> Unit:
        unit = self.city.units.get(unit_id)
        if unit is None or unit.valid_from > self.day:
            raise Refused("unknown_unit", "There is no such unit on that day.", field=where, unit_id=unit_id)
        if not open_after(unit, self.day):
            raise Refused("unit_dissolved", "This unit has ended by that day.", field=where, unit_id=unit_id)
        if unit.changed_on > self.day:
            raise Refused("changed_since", "This unit was changed after that day.", field=where, unit_id=unit_id)
        return unit

    def found(self, new: NewUnit, parent_id: str, where: str) -> Unit:
        """A unit with the post that heads it."""
        code_is_new(self.city.codes, new.code, f"{where}.code")
        may_stand_below(new.kind, self.city.units[parent_id], f"{where}.kind")
        self.city.codes |= {new.code}
        names = (new.name, new.full_name, new.full_name_en)
        unit = self.put("units", Unit(self.new_id(), new.code, new.kind, *names, parent_id, self.day, None, self.day))
        self.add_post(unit, HEAD_KIND[unit.kind], new.head_title or head_title(unit.kind, unit.full_name), True)
        for audience in list(self.city.audiences.values()):
            if unit.kind in AUDIENCE_KINDS.get(audience.id, ()):
                self.readdress(audience, [*audience.unit_ids, unit.id])
        return unit

    def add_post(self, unit: Unit, kind: str, title: str, is_head: bool = False) -> Post:
        rank = rank_of(self.city, kind, unit.id)
        return self.put("posts", Post(self.new_id(), unit.id, kind, title, is_head, rank, self.day, None, self.day))

    def call_anew(self, unit: Unit, old: str, new: str) -> None:
        """Titles and names within a unit that end in its old name end in the new one."""
        for each in self.city.tree(unit.id, self.day):
            if each.id != unit.id and each.full_name.endswith(old):
                self.restate("units", replace(each, full_name=_called(each.full_name, old, new)))
            for post in self.city.posts_in(each.id, self.day):
                if post.title.endswith(old):
                    self.restate("posts", replace(post, title=_called(post.title, old, new)))

    def hand_over_unit(self, unit: Unit, heir: Unit) -> None:
        """What stood below one unit stands below another."""
        before = self.city.units[unit.parent_id]
        moved = replace(unit, parent_id=heir.id, full_name=_called(unit.full_name, before.full_name, heir.full_name))
        self.restate("units", moved)
        self.call_anew(moved, before.full_name, heir.full_name)

    def hand_over_post(self, post: Post, heir: Unit) -> None:
        """A post like it in another unit, held by the same people; this one ends."""
        kind = handed_over_kind(post.kind, heir.kind)
        title = f"Chuyên viên {heir.full_name}"
        if kind == post.kind:
            title = _called(post.title, self.city.units[post.unit_id].full_name, heir.full_name)
        begins = max(self.day, post.valid_from)
        like = replace(
            self.add_post(heir, kind, title),
            valid_from=begins, valid_to=post.valid_to, changed_on=begins,
        )  # fmt: skip
        self.put("posts", like)
        for each in self.city.holders(post.id):
            if open_after(each, self.day):
                begins = max(self.day, each.valid_from)
                self.put("memberships", replace(each, id=self.new_id(), post_id=like.id, valid_from=begins))
        self.close_post(post)

    def close_post(self, post: Post) -> None:
        """With the memberships in it, and with what its holders lent."""
        self.put("posts", ended(post, self.day))
        for each in self.city.holders(post.id):
            if open_after(each, self.day):
                self.put("memberships", ended(each, self.day))

    def close(self, unit: Unit, heirs: Iterable[Unit], how: str) -> None:
        """A unit without posts ends; its successors stand for it, in the audiences too."""
        heirs = list(heirs)
        self.put("units", ended(self.city.units[unit.id], self.day))
        self.changes.successors += [Successor(unit.id, heir.id, how) for heir in heirs]
        for audience in list(self.city.audiences.values()):
            if unit.id in audience.unit_ids:
                fitting = [heir.id for heir in heirs if _belongs(heir, audience.id)]
                self.readdress(audience, [
                    each for old in audience.unit_ids for each in (fitting if old == unit.id else [old])
                ])  # fmt: skip

    def readdress(self, audience, unit_ids: Iterable[str]) -> None:
        self.put("audiences", replace(audience, unit_ids=tuple(dict.fromkeys(unit_ids))))

    def settle(self) -> None:
        """What follows from memberships that ended: what they had lent, and which post is now the primary one."""
        changed = list(self.changes.memberships.values())
        held = defaultdict(list)
        for each in self.city.memberships.values():
            held[each.person_id].append(each)
        for post_id in {each.post_id for each in changed}:
            holders = self.city.holders(post_id)
            for delegation in [each for each in self.city.delegations.values() if each.grantor_post_id == post_id]:
                if (now := lapse(delegation, holders)) != delegation:
                    self.put("delegations", now)
        ranks = {post.id: post.rank for post in self.city.posts.values()}
        for person_id in sorted({each.person_id for each in changed}):
            for each in with_a_primary(held[person_id], ranks, self.day):
                self.put("memberships", each)
            if not any(open_after(each, self.day) for each in held[person_id]):
                self.changes.without_post.append(person_id)


def _establish(draft: _Draft, command: Establish) -> None:
    draft.living(command.parent_id, "parent_id")
    draft.found(command.unit, command.parent_id, "unit")


def _rename(draft: _Draft, command: Rename) -> None:
    unit = draft.living(command.unit_id, "unit_id")
    named = replace(unit, name=command.name, full_name=command.full_name, full_name_en=command.full_name_en)
    if named == unit:
        raise Refused("nothing_changes", "It is called so already.", field="name")
    draft.restate("units", named)
    draft.call_anew(named, unit.full_name, named.full_name)


def _move(draft: _Draft, command: Move) -> None:
    unit = draft.living(command.unit_id, "unit_id")
    parent = draft.living(command.parent_id, "parent_id")
    if unit.parent_id == parent.id:
        raise Refused("nothing_changes", "It stands there already.", field="parent_id")
    closes_no_circle(draft.city, unit.id, parent.id, "parent_id")
    may_stand_below(unit.kind, parent, "parent_id")
    draft.hand_over_unit(unit, parent)


def _merge(draft: _Draft, command: Merge) -> None:
    units = [draft.living(each, f"unit_ids.{place}") for place, each in enumerate(command.unit_ids)]
    _each_once(command.unit_ids, "unit_ids")
    target = _merged_into(draft, command, units)
    for unit in units:
        for child in draft.city.below(unit.id, draft.day):
            if child.id not in command.unit_ids:
                draft.hand_over_unit(child, target)
        _hand_over_posts(draft, unit, lambda _: target)
    for unit in units:
        draft.close(unit, [target], "merged")


def _merged_into(draft: _Draft, command: Merge, units: list[Unit]) -> Unit:
    if isinstance(command.into, NewUnit):
        if len(units) < 2:
            raise Refused("merge_with_itself", "One unit that becomes a new one is renamed.", field="unit_ids")
        staying = next(each for each in draft.city.path(units[0].parent_id) if each not in command.unit_ids)
        target = draft.found(command.into, staying, "into")
    else:
        target = draft.living(command.into, "into_unit_id")
        if target.id in command.unit_ids:
            raise Refused("merge_with_itself", "A unit is not merged into itself.", field="into_unit_id")
        for unit in units:
            closes_no_circle(draft.city, unit.id, target.id, "into_unit_id")
    for unit in units:
        into_its_own = unit.kind == "division" and target.id in draft.city.path(unit.parent_id)
        if (unit.kind == "division") != (target.kind == "division") and not into_its_own:
            raise Refused("unit_misplaced", "Units of one level are merged.", field="unit_ids", unit_id=unit.id)
        if target.kind not in DIRECTLY_BELOW | {"division"}:
            raise Refused("unit_misplaced", "Nothing is merged into the committee.", field="into_unit_id")
    return target


def _split(draft: _Draft, command: Split) -> None:
    unit = draft.living(command.unit_id, "unit_id")
    below = {each.id: each for each in draft.city.below(unit.id, draft.day)}
    own_posts = {post.id for post in draft.city.posts_in(unit.id, draft.day) if not post.is_head}
    taker, parts = {}, []
    for place, part in enumerate(command.parts):
        if (part.unit.kind == "division") != (unit.kind == "division"):
            raise Refused("unit_misplaced", "The parts are of the unit's own level.", field=f"parts.{place}.unit.kind")
        heir = draft.found(part.unit, unit.parent_id, f"parts.{place}.unit")
        parts.append(heir)
        for each in part.takes:
            if each not in below and each not in own_posts:
                raise Refused(
                    "not_of_this_unit", "This unit has no such division or post.", field=f"parts.{place}.takes"
                )
            if each in taker:
                raise Refused("unit_twice", "It goes to one part.", field=f"parts.{place}.takes")
            taker[each] = heir
    for child in below.values():
        draft.hand_over_unit(child, taker.get(child.id, parts[0]))
    _hand_over_posts(draft, unit, lambda post: taker.get(post.id, parts[0]))
    draft.close(unit, parts, "split")


def _dissolve(draft: _Draft, command: Dissolve) -> None:
    unit = draft.living(command.unit_id, "unit_id")
    _each_once(command.successor_ids, "successor_ids")
    ending = list(draft.city.tree(unit.id, draft.day))
    heirs = [draft.living(each, f"successor_ids.{place}") for place, each in enumerate(command.successor_ids)]
    for place, heir in enumerate(heirs):
        closes_no_circle(draft.city, unit.id, heir.id, f"successor_ids.{place}")
    for each in reversed(ending):
        for post in draft.city.posts_in(each.id, draft.day):
            draft.close_post(post)
        draft.close(each, heirs or [draft.city.units[unit.parent_id]], "dissolved")


STEPS = {Establish: _establish, Rename: _rename, Move: _move, Merge: _merge, Split: _split, Dissolve: _dissolve}


def _hand_over_posts(draft: _Draft, unit: Unit, heir_of: Callable[[Post], Unit]) -> None:
    for post in draft.city.posts_in(unit.id, draft.day):
        if post.is_head:
            draft.close_post(post)
        else:
            draft.hand_over_post(post, heir_of(post))


def _each_once(ids: Iterable[str], where: str) -> None:
    seen = set()
    for place, each in enumerate(ids):
        if each in seen:
            raise Refused("unit_twice", "A unit is named once.", field=f"{where}.{place}", unit_id=each)
        seen.add(each)


def _belongs(unit: Unit, audience_id: str) -> bool:
    return unit.kind in AUDIENCE_KINDS.get(audience_id, DIRECTLY_BELOW)


def _called(text: str, old: str, new: str) -> str:
    return text.removesuffix(old) + new if text.endswith(old) else text
