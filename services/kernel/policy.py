"""Who may ask for what. An action is a procedure's full name, or `gateway.<operation>` for what the gateway answers by
itself; what is not listed is denied.

A grant looks at the post in which one acts and, where it reaches only so far, at the unit that the object belongs to.
Whether the state of the object allows it is for the owner's domain.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from kernel.actor import Actor
from kernel.errors import Refused

STANDING_PC = frozenset({"chairman", "vice_chairman", "standing_member"})
LOOKS_AFTER_ACCOUNTS = ("head", "chief_of_office", "chairman", "clerk", "office_clerk")  # of their own units
PREPARES_ORDERS = frozenset({"chief_of_office", "deputy_chief_of_office", "office_clerk", "secretary", "clerk"})
ORDERS_OR_PREPARES = STANDING_PC | PREPARES_ORDERS
DEPUTIES = frozenset({"deputy_head", "deputy_division_head", "deputy_chief_of_office"})
SERVES_HEAD = frozenset({"clerk", "office_clerk", "secretary"})  # they see and receive the work of their unit's head

CITY_OFFICE = ("chief_of_office", "deputy_chief_of_office", "office_clerk")
OVERSEES = ("chairman", "vice_chairman", "chief_of_office", "deputy_chief_of_office", "office_clerk")

TOTP_REQUIRED_FOR = (  # kinds of posts that need a second factor, unless the operator says others
    "chairman", "vice_chairman", "standing_member", "chief_of_office", "head", "administrator", "auditor",
)  # fmt: skip

CITY = "city"  # whatever unit it concerns
OWN_UNIT = "own unit"  # the unit of his post and what is below it


@dataclass(frozen=True)
class Grant:
    """Who is given an action, and over which units.

    `kinds` are kinds of posts; without any, whoever holds a post. `in_person`: in a post of his own only, because what
    was lent to him cannot be used for it.
    """

    kinds: frozenset[str] = frozenset()
    reach: str = CITY
    in_person: bool = False


def to(*kinds: str, reach: str = CITY, in_person: bool = False) -> tuple[Grant, ...]:
    return (Grant(frozenset(kinds), reach, in_person),)


EVERYBODY = (Grant(),)
ACCOUNTS = to("administrator", in_person=True) + to(*LOOKS_AFTER_ACCOUNTS, reach=OWN_UNIT, in_person=True)


def covers(scope: str, action: str) -> bool:
    """A delegation's scope is "all" or the name of the service whose actions it covers."""
    return scope in covering(action)


def covering(action: str) -> tuple[str, str]:
    """The scopes that cover an action."""
    return "all", action.split(".")[0]


LEADS_A_UNIT = ("head", "chief_of_office")
LENDS = ("chairman", "vice_chairman", *LEADS_A_UNIT, "division_head")
# the whole city, and, in person, whoever leads a unit what is below him in it
CITY_AND_OWN_UNIT = (
    *to("administrator", in_person=True), *to(*LEADS_A_UNIT, reach=OWN_UNIT, in_person=True),
)  # fmt: skip
SEES_REORGANISATIONS = (
    *to("administrator", "auditor", in_person=True), *to(*LEADS_A_UNIT, reach=OWN_UNIT, in_person=True),
)  # fmt: skip
# who orders and the Office that prepares it: every unit; who prepares orders elsewhere: the units of his own leaders
LOOKS_AFTER_UNITS = (
    *to(*STANDING_PC, "chief_of_office", "deputy_chief_of_office", "office_clerk"),
    *to(*LEADS_A_UNIT, "secretary", "clerk", reach=OWN_UNIT),
)  # fmt: skip
KEEPS_AUDIENCES = to(
    "administrator", "chief_of_office", "deputy_chief_of_office", "office_clerk", in_person=True
)  # fmt: skip
SEES_LADDERS = to("administrator", *CITY_OFFICE, in_person=True)
# on one's own authority: the leaders to the whole city, who leads a unit to its people
ANNOUNCES = (*to(*STANDING_PC), *to(*LEADS_A_UNIT, "division_head", reach=OWN_UNIT))
# what somebody else wrote: for the city those leaders and the Office's, for a unit its leaders
APPROVES_ANNOUNCEMENTS = (
    *to(*STANDING_PC, "chief_of_office", "deputy_chief_of_office"),
    *to("head", "deputy_head", "division_head", reach=OWN_UNIT),
)  # fmt: skip
READS_AUDIT = to("auditor", "administrator", in_person=True)

RULES: dict[str, tuple[Grant, ...]] = {
    "directory.list_audit": READS_AUDIT,
    "tasks.list_audit": READS_AUDIT,
    "reminders.list_audit": READS_AUDIT,
    "messaging.list_audit": READS_AUDIT,
    "gateway.list_audit": READS_AUDIT,
    "gateway.get_health": READS_AUDIT,
    "gateway.list_sessions": EVERYBODY,
    "gateway.end_session": EVERYBODY,
    "gateway.end_all_sessions": EVERYBODY,
    "gateway.end_current_session": EVERYBODY,
    "gateway.sign_out_everywhere": EVERYBODY,
    "gateway.start_linking": EVERYBODY,
    "gateway.open_stream": EVERYBODY,
    "directory.get_profile": EVERYBODY,
    "directory.get_own_account": EVERYBODY,
    "directory.change_password": EVERYBODY,
    "directory.begin_totp": EVERYBODY,
    "directory.confirm_totp": EVERYBODY,
    "directory.renew_recovery_codes": EVERYBODY,
    "directory.get_account": ACCOUNTS,
    "directory.revoke_account": ACCOUNTS,
    "directory.restore_account": ACCOUNTS,
    "directory.ask_recovery": ACCOUNTS,
    "directory.list_recoveries": ACCOUNTS,
    "directory.confirm_recovery": ACCOUNTS,
    "directory.refuse_recovery": ACCOUNTS,
    "directory.hand_over_accounts": ACCOUNTS,
    "directory.list_units": EVERYBODY,
    "directory.get_unit": EVERYBODY,
    "directory.search_people": EVERYBODY,
    "directory.get_person": EVERYBODY,
    "directory.get_names": EVERYBODY,
    "directory.list_staff": EVERYBODY,
    "directory.change_own_contact": EVERYBODY,
    "directory.add_person": to("administrator", in_person=True),
    "directory.change_person": to("administrator", in_person=True),
    "directory.erase_person": to("administrator", in_person=True),
    "directory.list_audiences": EVERYBODY,
    "directory.begin_import": to("administrator", in_person=True),
    "directory.add_import_part": to("administrator", in_person=True),
    "directory.get_import": to("administrator", in_person=True),
    "directory.list_imports": to("administrator", in_person=True),
    "directory.list_import_rows": to("administrator", in_person=True),
    "directory.apply_import": to("administrator", in_person=True),
    "directory.export_lines": (
        *to("administrator", in_person=True),
        *to("chief_of_office", "office_clerk", "head", "clerk", "division_head", reach=OWN_UNIT, in_person=True),
    ),
    "directory.list_identities": EVERYBODY,
    "directory.begin_linking": EVERYBODY,
    "directory.link_identity": EVERYBODY,
    "directory.unlink_identity": EVERYBODY,
    "directory.list_identities_of": to("administrator", in_person=True),
    "directory.feed_identity": to("administrator", in_person=True),
    "directory.remove_identity": to("administrator", in_person=True),
    "directory.get_successors": EVERYBODY,
    "directory.list_heads": EVERYBODY,
    "directory.list_posts": EVERYBODY,
    "directory.get_post": EVERYBODY,
    "directory.list_holders": EVERYBODY,
    "directory.get_audience": EVERYBODY,
    "directory.get_working_days": EVERYBODY,
    "directory.list_delegations": EVERYBODY,
    "directory.list_post_delegations": (
        *to("administrator", "auditor", in_person=True),
        *to(*LENDS, reach=OWN_UNIT, in_person=True),
    ),
    "directory.reorganise": CITY_AND_OWN_UNIT,
    "directory.list_reorganisations": SEES_REORGANISATIONS,
    "directory.get_reorganisation": SEES_REORGANISATIONS,
    "directory.withdraw_reorganisation": CITY_AND_OWN_UNIT,
    "directory.make_post": CITY_AND_OWN_UNIT,
    "directory.close_post": CITY_AND_OWN_UNIT,
    "directory.appoint": CITY_AND_OWN_UNIT,
    "directory.end_membership": CITY_AND_OWN_UNIT,
    "directory.lend_powers": to(*LENDS, reach=OWN_UNIT, in_person=True),
    "directory.take_powers_back": (
        *to("administrator", in_person=True),
        *to(*LENDS, reach=OWN_UNIT, in_person=True),
    ),
    "directory.set_audience": to("administrator", in_person=True),
    "directory.list_members": EVERYBODY,
    "directory.create_audience": KEEPS_AUDIENCES,
    "directory.change_audience": KEEPS_AUDIENCES,
    "directory.retire_audience": KEEPS_AUDIENCES,
    "directory.set_working_days": to("administrator", in_person=True),
    "tasks.assign": to(*STANDING_PC),
    "tasks.draft": to(*ORDERS_OR_PREPARES),
    "tasks.edit_draft": EVERYBODY,
    "tasks.discard_draft": EVERYBODY,
    "tasks.submit_for_issue": EVERYBODY,
    "tasks.return_draft": EVERYBODY,
    "tasks.issue": to(*STANDING_PC),
    "tasks.report_progress": EVERYBODY,
    "tasks.list_progress": EVERYBODY,
    "tasks.raise_blocker": EVERYBODY,
    "tasks.answer_blocker": EVERYBODY,
    "tasks.get_blocker": EVERYBODY,
    "tasks.list_blockers": EVERYBODY,
    "tasks.urge": EVERYBODY,
    "tasks.urge_many": EVERYBODY,
    "tasks.answer_urging": EVERYBODY,
    "tasks.get_urging": EVERYBODY,
    "tasks.list_urgings": EVERYBODY,
    "tasks.propose_correction": EVERYBODY,
    "tasks.accept_correction": EVERYBODY,
    "tasks.refuse_correction": EVERYBODY,
    "tasks.withdraw_correction": EVERYBODY,
    "tasks.get_correction": EVERYBODY,
    "tasks.list_corrections": EVERYBODY,
    "tasks.preview": LOOKS_AFTER_UNITS,
    "tasks.list_unit_load": LOOKS_AFTER_UNITS,
    "tasks.create_template": to(*ORDERS_OR_PREPARES),
    "tasks.change_template": EVERYBODY,
    "tasks.pause_template": EVERYBODY,
    "tasks.resume_template": EVERYBODY,
    "tasks.discard_template": EVERYBODY,
    "tasks.get_template": EVERYBODY,
    "tasks.list_templates": EVERYBODY,
    "tasks.list_occurrences": EVERYBODY,
    "tasks.propose": to(*ORDERS_OR_PREPARES),
    "tasks.get_task": EVERYBODY,
    "tasks.list_tasks": EVERYBODY,
    "tasks.list_assignments": EVERYBODY,
    "tasks.get_assignment": EVERYBODY,
    "tasks.accept": EVERYBODY,
    "tasks.decline": EVERYBODY,
    "tasks.reassign": EVERYBODY,
    "tasks.uphold": EVERYBODY,
    "tasks.submit_result": EVERYBODY,
    "tasks.approve_result": EVERYBODY,
    "tasks.return_result": EVERYBODY,
    "tasks.withdraw_result": EVERYBODY,
    "tasks.suspend": EVERYBODY,
    "tasks.resume": EVERYBODY,
    "tasks.revoke": EVERYBODY,
    "tasks.reopen": EVERYBODY,
    "tasks.archive": EVERYBODY,
    "tasks.pass_on": EVERYBODY,
    "tasks.revoke_task": EVERYBODY,
    "tasks.request_extension": EVERYBODY,
    "tasks.grant_extension": EVERYBODY,
    "tasks.refuse_extension": EVERYBODY,
    "tasks.withdraw_extension": EVERYBODY,
    "tasks.get_extension": EVERYBODY,
    "tasks.list_extensions": EVERYBODY,
    "tasks.extend_children": EVERYBODY,
    "tasks.keep_children": EVERYBODY,
    "tasks.list_children": EVERYBODY,
    "tasks.list_results": EVERYBODY,
    "tasks.list_history": EVERYBODY,
    "tasks.list_task_history": EVERYBODY,
    "tasks.move_assignments": to(*OVERSEES),
    "tasks.grant_file": EVERYBODY,
    "tasks.get_summary": EVERYBODY,
    "tasks.get_titles": EVERYBODY,
    "tasks.enter_document": to(*CITY_OFFICE),
    "tasks.receive_document": to(*CITY_OFFICE),
    "tasks.refuse_document": to(*CITY_OFFICE),
    "tasks.declare_no_task": to(*CITY_OFFICE),
    "tasks.answer_recall": to(*CITY_OFFICE),
    "tasks.issue_from_document": to(*STANDING_PC),
    "tasks.draft_from_document": to(*STANDING_PC, *PREPARES_ORDERS),
    "tasks.get_document": EVERYBODY,
    "tasks.list_documents": EVERYBODY,
    "tasks.list_document_tasks": EVERYBODY,
    "tasks.get_superior_request": EVERYBODY,
    "tasks.list_superior_requests": EVERYBODY,
    "tasks.record_request_sent": to(*CITY_OFFICE),
    "tasks.record_superior_answer": to(*CITY_OFFICE),
    "tasks.draft_superior_report": to(*CITY_OFFICE),
    "tasks.approve_superior_report": to(*STANDING_PC),
    "tasks.return_superior_report": to(*STANDING_PC),
    "tasks.record_report_sent": to(*CITY_OFFICE),
    "tasks.get_superior_report": EVERYBODY,
    "tasks.list_superior_reports": EVERYBODY,
    "tasks.list_report_lines": EVERYBODY,
    "tasks.begin_import": to(*OVERSEES),
    "tasks.add_import_part": to(*OVERSEES),
    "tasks.get_import": to(*OVERSEES),
    "tasks.list_imports": to(*OVERSEES),
    "tasks.list_import_rows": to(*OVERSEES),
    "tasks.apply_import": to(*OVERSEES),
    "tasks.list_parked": to(*OVERSEES),
    "tasks.complete_parked": to(*OVERSEES),
    "tasks.discard_parked": to(*OVERSEES),
    "tasks.export_tasks": EVERYBODY,
    "tasks.get_period_report": (
        *to(*OVERSEES),
        *to("head", "deputy_head", "clerk", "secretary", reach=OWN_UNIT),
    ),
    "tasks.list_pieces": EVERYBODY,
    "tasks.get_exception_board": EVERYBODY,
    "tasks.get_statistics": EVERYBODY,
    "tasks.list_counted": EVERYBODY,
    "reminders.list_action_items": EVERYBODY,
    "reminders.count_action_items": EVERYBODY,
    "reminders.get_action_item": EVERYBODY,
    "reminders.get_overview": EVERYBODY,
    "reminders.snooze_action_item": EVERYBODY,
    "reminders.unsnooze_action_item": EVERYBODY,
    "reminders.create_reminder": EVERYBODY,
    "reminders.change_reminder": EVERYBODY,
    "reminders.discard_reminder": EVERYBODY,
    "reminders.mark_done": EVERYBODY,
    "reminders.skip_occurrence": EVERYBODY,
    "reminders.get_reminder": EVERYBODY,
    "reminders.list_reminders": EVERYBODY,
    "reminders.list_reminder_occurrences": EVERYBODY,
    "reminders.import_invitation": EVERYBODY,
    "reminders.make_feed": EVERYBODY,
    "reminders.revoke_feed": EVERYBODY,
    "reminders.get_ladders": SEES_LADDERS,
    "reminders.list_ladder_versions": SEES_LADDERS,
    "reminders.simulate_ladders": SEES_LADDERS,
    "reminders.change_ladders": to("administrator", "chief_of_office", in_person=True),
    "reminders.list_nudges": EVERYBODY,
    "reminders.read_nudges": EVERYBODY,
    "reminders.get_notification_settings": EVERYBODY,
    "reminders.change_notification_settings": EVERYBODY,
    "reminders.get_push_key": EVERYBODY,
    "reminders.subscribe_push": EVERYBODY,
    "reminders.list_push_subscriptions": EVERYBODY,
    "reminders.unsubscribe_push": EVERYBODY,
    "reminders.list_deliveries": to("administrator", in_person=True),
    "reminders.list_nudge_counts": to("administrator", "chief_of_office", in_person=True),
    "messaging.list_conversations": EVERYBODY,
    "messaging.get_conversation": EVERYBODY,
    "messaging.begin_conversation": EVERYBODY,
    "messaging.rename_conversation": EVERYBODY,
    "messaging.set_conversation_settings": EVERYBODY,
    "messaging.list_participants": EVERYBODY,
    "messaging.add_participants": EVERYBODY,
    "messaging.change_participant": EVERYBODY,
    "messaging.remove_participant": EVERYBODY,
    "messaging.get_transcript": EVERYBODY,
    "messaging.list_messages": EVERYBODY,
    "messaging.search_messages": EVERYBODY,
    "messaging.get_message": EVERYBODY,
    "messaging.list_message_versions": EVERYBODY,
    "messaging.post_message": EVERYBODY,
    "messaging.edit_message": EVERYBODY,
    "messaging.remove_message": EVERYBODY,
    "messaging.withdraw_message": EVERYBODY,
    "messaging.acknowledge": EVERYBODY,
    "messaging.list_receipts": EVERYBODY,
    "messaging.mark_read": EVERYBODY,
    "messaging.get_unread": EVERYBODY,
    "messaging.announce": ANNOUNCES,
    "messaging.draft_announcement": to(*STANDING_PC, *PREPARES_ORDERS, *LEADS_A_UNIT, "division_head", *DEPUTIES),
    "messaging.edit_announcement": EVERYBODY,
    "messaging.discard_announcement": EVERYBODY,
    "messaging.submit_announcement": EVERYBODY,
    "messaging.return_announcement": APPROVES_ANNOUNCEMENTS,
    "messaging.approve_announcement": APPROVES_ANNOUNCEMENTS,
    "messaging.withdraw_announcement": APPROVES_ANNOUNCEMENTS,
    "messaging.list_announcements": EVERYBODY,
    "messaging.get_announcement": EVERYBODY,
    "messaging.see_announcement": EVERYBODY,
    "messaging.acknowledge_announcement": EVERYBODY,
    "messaging.get_reach": EVERYBODY,
    "messaging.place_hold": READS_AUDIT,
    "messaging.lift_hold": READS_AUDIT,
    "messaging.list_holds": READS_AUDIT,
    "messaging.begin_export": to("auditor", in_person=True),
    "messaging.read_export": to("auditor", in_person=True),
    "messaging.export_own": EVERYBODY,
    "messaging.begin_file": EVERYBODY,
    "messaging.finish_file": EVERYBODY,
    "messaging.open_file": EVERYBODY,
}

PUBLIC = frozenset({  # nobody need sign in
    "gateway.create_token", "gateway.create_session", "gateway.get_openapi", "gateway.list_providers",
    "gateway.get_docs", "gateway.get_docs_part", "gateway.list_problems", "gateway.get_problem",
    "gateway.read_calendar",  # its token says whose it is
    "gateway.take_events",  # a partner signs what he says
    "gateway.start_sign_in", "gateway.finish_sign_in", "gateway.give_code", "gateway.end_sessions_of_provider",
})  # fmt: skip


def allows(action: str, actor: Actor, unit_path: Sequence[str] = ()) -> bool:
    """Whether the actor may do this to what belongs to a unit. `unit_path` is that unit's id and those above it."""
    return any(grant.reach == CITY or actor.unit_id in unit_path for grant in _grants(action, actor))


def require(action: str, actor: Actor, unit_path: Sequence[str] = ()) -> None:
    """Raises `not_authorised`."""
    if not allows(action, actor, unit_path):
        raise Refused("not_authorised", f"{actor.post_title or 'This post'} may not do {action}.", action=action)


def require_somewhere(action: str, actor: Actor) -> None:
    """For the door: whoever may do it to no unit at all need not go on. Raises `not_authorised`."""
    if not _grants(action, actor):
        raise Refused("not_authorised", f"{actor.post_title or 'This post'} may not do {action}.", action=action)


def require_signed_in(action: str) -> None:
    """For an owner that answers everybody alike and so need not know the actor's capacity."""
    if RULES.get(action) is not EVERYBODY:
        raise Refused("not_authorised", f"{action} is not open to everybody.", action=action)


def _grants(action: str, actor: Actor) -> list[Grant]:
    if not covers(actor.scope, action):
        return []
    return [
        grant
        for grant in RULES.get(action, ())
        if (not grant.kinds or actor.post_kind in grant.kinds) and not (grant.in_person and actor.acting_for)
    ]
