"""Beginning conversations, and who takes part in a group, by whose word."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from chassis import clock
from chassis.contract import Procedure, schema
from chassis.errors import InvalidRequest
from chassis.idempotency import answer_once
from contracts import messaging as contract
from kernel import policy
from kernel.actor import Actor
from kernel.capacity import actor_for
from kernel.directory_copy import has_ended, people_with_posts, require_fresh_if_lent, unit_names, units_of_posts
from kernel.errors import Refused
from kernel.working_time import today
from messaging.domain.conversations import PARTICIPANTS_AT_MOST, addressees, first_seen
from messaging.domain.saying import Pace
from messaging.storage import taking_part as storage
from messaging.storage.conversations import addressees_of
from messaging.use_cases import pacing
from messaging.use_cases.conversations import NOBODY, change_of, ids_of, own


def begin_conversation(tx, claims: dict, request: dict, pace: Pace, now: datetime) -> dict:
    wanted = request["conversation"]
    begin = {"direct": _direct, "group": _group, "unit": _room}[wanted["kind"]]

    def produce(actor: Actor) -> str:
        begun = begin(tx, actor, wanted, now)
        pacing.keep(tx, actor.person_id, pace, now, people=len(wanted["participants"]))
        return begun

    return _once(tx, contract.begin_conversation, claims, request["idempotency_key"], wanted, now, produce)


def _once(
    tx, procedure: Procedure, claims: dict, key: str, wanted: object, now: datetime, act: Callable[[Actor], str]
) -> dict:
    """The conversation that came of it, as the actor sees it."""
    actor = actor_for(tx, procedure, claims, now)
    require_fresh_if_lent(tx, actor, now, [actor.post_id])
    return answer_once(
        tx,
        who=actor.person_id,
        key=key,
        request=[procedure.full_name, actor.post_id, wanted],
        produce=lambda: schema(procedure.reply).dump(own(tx, actor, act(actor))),
    )


def _by_key(tx, procedure: Procedure, claims: dict, request: dict, now: datetime, act: Callable[..., str]) -> dict:
    """A change of a group: who hands it over, or leaves, and hears no answer, may say so again and is not refused."""
    key = request["idempotency_key"]
    wanted = {name: value for name, value in request.items() if name != "idempotency_key"}
    return _once(tx, procedure, claims, key, wanted, now, lambda actor: act(tx, actor, request, now))


def _direct(tx, actor: Actor, wanted: Mapping, now: datetime) -> str:
    """The same two have one, whoever begins."""
    others = _others(actor, wanted["participants"])
    if len(others) != 1 or others[0]["person_id"] is None:
        raise Refused("direct_is_between_two")
    _require_known(tx, actor, others, now)
    pair = sorted([actor.person_id, others[0]["person_id"]])
    new = _new("direct", None, now) | {"first_person_id": pair[0], "second_person_id": pair[1]}
    return _begin(tx, actor, new, [_person(each, "member") for each in pair], now, one_for=list(new)[-2:])


def _group(tx, actor: Actor, wanted: Mapping, now: datetime) -> str:
    if wanted["name"] is None:
        raise InvalidRequest("a group has a name", errors={"conversation": {"name": ["Missing data."]}})
    others = _others(actor, wanted["participants"])
    _require_known(tx, actor, others, now)
    named = [_person(actor.person_id, "owner"), *others]
    return _begin(tx, actor, _new("group", wanted["name"], now), named, now)


def _room(tx, actor: Actor, wanted: Mapping, now: datetime) -> str:
    """Made when one of the unit's staff opens it first."""
    unit_id = wanted["unit_id"]
    if unit_id not in actor.units:
        raise Refused("not_found", "There is no such room for you.")
    new = _new("unit", unit_names(tx, [unit_id])[unit_id], now) | {"unit_id": unit_id}
    return _begin(tx, actor, new, [NOBODY | {"unit_id": unit_id, "role": "member"}], now, one_for=["unit_id"])


def _new(kind: str, name: str | None, now: datetime) -> dict:
    return {"id": clock.new_id(), "kind": kind, "name": name, "created_at": now, "active_at": now}


def _person(person_id: str, role: str) -> dict:
    return NOBODY | {"person_id": person_id, "role": role}


def _begin(tx, actor: Actor, new: dict, named: Sequence[Mapping], now: datetime, one_for: Sequence[str] = ()) -> str:
    conversation_id, is_new = storage.begin(tx, new, one_for)
    if is_new:
        storage.add(tx, conversation_id, named, 1, now)
        _tell(tx, actor, new | {"version": 1}, "begun", named, now)
    return conversation_id


def _others(actor: Actor, named: Iterable[Mapping]) -> list[Mapping]:
    """Those beside the actor, each named once and by one id."""
    others = [each for each in named if each["person_id"] != actor.person_id]
    if not others:
        raise Refused("oneself_alone")
    ids = [[each[name] for name in NOBODY if each[name] is not None] for each in others]
    if any(len(each) != 1 for each in ids):
        raise InvalidRequest("name each by one id", errors={"participants": ["Exactly one of the ids is needed."]})
    if len({each for [each] in ids}) < len(ids):
        raise Refused("participant_twice")
    return others


def _require_known(tx, actor: Actor, named: Iterable[Mapping], now: datetime) -> None:
    posts, people, units = addressees(named)
    if unknown := set(people) - people_with_posts(tx, people, now):
        raise Refused("unknown_person", person_id=min(unknown))
    if unknown := set(posts) - units_of_posts(tx, posts, now).keys():
        raise Refused("unknown_post", post_id=min(unknown))
    for unit_id in units:
        if has_ended(tx, unit_id, now) is not False:
            raise Refused("unknown_unit", unit_id=unit_id)
        if unit_id not in actor.units and actor.post_kind not in policy.OVERSEES:
            raise Refused("unit_of_others", unit_id=unit_id)


def rename_conversation(tx, claims: dict, request: dict, now: datetime) -> dict:
    return _by_key(tx, contract.rename_conversation, claims, request, now, _rename)


def _rename(tx, actor: Actor, request: dict, now: datetime) -> str:
    held, _ = _held_by_owner(tx, actor, request["id"], now)
    if request["version"] not in (None, held["version"]):
        raise Refused("stale_version")
    _changed(tx, actor, request["id"], "named", [], now, name=request["name"])
    return request["id"]


def add_participants(tx, claims: dict, request: dict, pace: Pace, now: datetime) -> dict:
    """Nobody is shown, nor shows himself under another id, what was said before the owner's own part begins."""
    conversation_id, added = request["conversation_id"], request["added"]

    def act(actor: Actor) -> str:
        conversation, _ = _held_by_owner(tx, actor, conversation_id, now)
        others = _others(actor, added["participants"])
        _require_known(tx, actor, others, now)
        if added["history"] == "from" and added["from_number"] is None:
            raise InvalidRequest("from which message on", errors={"from_number": ["Missing data."]})
        shown = own(tx, actor, conversation_id)["from_number"]
        seen = max(shown, first_seen(added["history"], added["from_number"], conversation["last_number"]))
        if storage.add(tx, conversation_id, others, seen, now) < len(others):
            raise Refused("participant_exists")
        if storage.count(tx, conversation_id) > PARTICIPANTS_AT_MOST:
            raise Refused("too_many_participants", limit=PARTICIPANTS_AT_MOST)
        pacing.keep(tx, actor.person_id, pace, now, people=len(others))
        _changed(tx, actor, conversation_id, "added", others, now)
        return conversation_id

    wanted = [conversation_id, added]
    return _once(tx, contract.add_participants, claims, request["idempotency_key"], wanted, now, act)


def change_participant(tx, claims: dict, request: dict, now: datetime) -> dict:
    return _by_key(tx, contract.change_participant, claims, request, now, _change_part)


def _change_part(tx, actor: Actor, request: dict, now: datetime) -> str:
    """Whoever is made the owner takes the place of whoever was."""
    conversation_id, role = request["conversation_id"], request["role"]
    _, owner_id = _held_by_owner(tx, actor, conversation_id, now)
    participant = _participant(tx, request)
    if participant["role"] == role:
        return conversation_id
    if participant["role"] == "owner":
        raise Refused("owner_must_hand_over")
    if role == "owner":
        if participant["unit_id"] is not None:
            raise Refused("unit_owns_nothing")
        storage.change(tx, conversation_id, owner_id, role="member")
    storage.change(tx, conversation_id, participant["id"], role=role)
    tx.audit("messaging.part_changed", subject=conversation_id, participant_id=participant["id"], role=role)
    _changed(tx, actor, conversation_id, "role_changed", [participant | {"role": role}], now)
    return conversation_id


def remove_participant(tx, claims: dict, request: dict, now: datetime) -> dict:
    return _by_key(tx, contract.remove_participant, claims, request, now, _remove)


def _remove(tx, actor: Actor, request: dict, now: datetime) -> str:
    """Who leaves, or is removed, keeps what he saw."""
    conversation_id, leaves = request["conversation_id"], request["id"] in (actor.person_id, actor.post_id)
    if leaves:
        conversation = _held(tx, actor, conversation_id, now)
    else:
        conversation, _ = _held_by_owner(tx, actor, conversation_id, now)
        tx.audit("messaging.participant_removed", subject=conversation_id, participant_id=request["id"])
    participant = _participant(tx, request)
    ended = {"until_number": conversation["last_number"]}
    if participant["role"] == "owner":
        _pass_on(tx, conversation_id, participant["id"], now)
        ended["role"] = "member"
    storage.change(tx, conversation_id, participant["id"], **ended)
    _changed(tx, actor, conversation_id, "left" if leaves else "removed", [participant], now)
    return conversation_id


def pass_on_groups(tx, person_id: str, now: datetime) -> None:
    """Of somebody whose account was revoked: each goes to whoever has taken part in it the longest, who is told so."""
    told = []
    for conversation_id in storage.owned_by(tx, person_id):
        storage.hold(tx, conversation_id)
        owner = storage.owner_of(tx, conversation_id, today(now))
        if owner is not None and owner["id"] == person_id and (heir := _pass_on(tx, conversation_id, person_id, now)):
            named = [dict(storage.find(tx, conversation_id, heir))]
            told.append(change_of(storage.next_version(tx, conversation_id), "role_changed", named, heir))
    if told:
        tx.emit(contract.parts_changed, subject=clock.new_id(), version=1, data={"changed": told, "at": now})


def _pass_on(tx, conversation_id: str, owner_id: str, now: datetime) -> str | None:
    """To whoever has taken part the longest, if there is somebody."""
    heir = storage.heir_of(tx, conversation_id, today(now))
    if heir is not None:
        storage.change(tx, conversation_id, owner_id, role="member")
        storage.change(tx, conversation_id, heir, role="owner")
    return heir


def _participant(tx, request: Mapping) -> dict:
    participant = storage.find(tx, request["conversation_id"], request["id"])
    if participant is None:
        raise Refused("not_found", "Nobody takes part under this id.")
    return dict(participant)


def _require_group(tx, actor: Actor, conversation_id: str, now: datetime) -> None:
    conversation = own(tx, actor, conversation_id)
    if conversation["kind"] != "group":
        raise Refused("not_a_group")
    if conversation["left"]:
        raise Refused("conversation_left")
    require_fresh_if_lent(tx, actor, now, [actor.post_id])


def _held(tx, actor: Actor, conversation_id: str, now: datetime) -> Mapping:
    """A group that the actor takes part in; whoever changes it too waits, and then reads who owns it."""
    _require_group(tx, actor, conversation_id, now)
    return storage.hold(tx, conversation_id)


def _held_by_owner(tx, actor: Actor, conversation_id: str, now: datetime) -> tuple[Mapping, str]:
    held = _held(tx, actor, conversation_id, now)
    return held, _require_owner(tx, actor, conversation_id, now)


def _require_owner(tx, actor: Actor, conversation_id: str, now: datetime) -> str:
    """The id under which the actor owns the group. Where the owner holds no post any more, or there is none, whoever
    has taken part the longest becomes it as soon as he acts.
    """
    mine, owner = ids_of(actor), storage.owner_of(tx, conversation_id, today(now))
    if owner is not None and owner["id"] in mine:
        return owner["id"]
    if owner is None or not owner["there"]:
        heir = storage.heir_of(tx, conversation_id, today(now))
        if heir in mine:
            if owner is not None:
                storage.change(tx, conversation_id, owner["id"], role="member")
            storage.change(tx, conversation_id, heir, role="owner")
            tx.audit("messaging.group_taken_over", subject=conversation_id, owner_id=heir)
            return heir
    raise Refused("not_authorised", "Only its owner may change a group.")


def _changed(
    tx, actor: Actor, conversation_id: str, change: str, concerned: Sequence[Mapping], now: datetime, **changes
) -> None:  # fmt: skip
    _tell(tx, actor, storage.next_version(tx, conversation_id, **changes), change, concerned, now)


def _tell(tx, actor: Actor, conversation: Mapping, change: str, concerned: Sequence[Mapping], now: datetime) -> None:
    """All whom it reaches, and those whom the change is about."""
    reached, owner = addressees_of(tx, conversation["id"]), storage.owner_of(tx, conversation["id"], today(now))
    about = addressees(concerned)
    told = {
        f"participant_{name}": [*ids, *(id_ for id_ in getattr(about, name) if id_ not in ids)]
        for name, ids in reached._asdict().items()
    }
    tx.emit(
        contract.conversation_changed,
        subject=conversation["id"],
        version=conversation["version"],
        data=told
        | change_of(conversation, change, concerned, owner["id"] if owner else None)
        | {"at": now, "actor_person_id": actor.person_id, "acting_for": actor.acting_for},
    )
