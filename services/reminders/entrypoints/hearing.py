"""What the others say that somebody must act on, or no longer."""

from chassis import clock
from chassis.inbox import hears
from contracts import directory, inbound, messaging, tasks
from reminders.use_cases import announcements, deadlines, directives, erasing, items, mentions, siblings, watching


class Hearing:
    @hears(tasks.task_issued)
    def on_task_issued(self, tx, event):
        items.raise_items(tx, event.data, event.version)
        watching.watch_order(tx, event.data)

    @hears(tasks.document_changed)
    def on_document_changed(self, tx, event):
        items.follow_document(tx, event.data, event.subject, event.version)
        for order in event.data["orders"]:
            watching.watch_order(tx, order)

    @hears(tasks.assignment_changed)
    def on_assignment_changed(self, tx, event):
        pieces = [event.data, *event.data["pieces"]]
        items.follow_pieces(tx, event.data, pieces, event.subject, event.version)
        deadlines.follow_pieces(tx, pieces, event.data["at"], clock.now())
        watching.follow(tx, event.data, pieces)

    @hears(tasks.task_revoked)
    def on_task_revoked(self, tx, event):
        items.follow_pieces(tx, event.data, event.data["pieces"], event.subject, event.version)
        deadlines.follow_pieces(tx, event.data["pieces"], event.data["at"], clock.now())
        watching.follow(tx, event.data, event.data["pieces"])

    @hears(tasks.assignments_moved)
    def on_assignments_moved(self, tx, event):
        items.follow_pieces(tx, event.data, event.data["pieces"], event.subject, event.version)
        deadlines.follow_pieces(tx, event.data["pieces"], event.data["at"], clock.now())
        watching.follow(tx, event.data, event.data["pieces"])

    @hears(tasks.tasks_imported)
    def on_tasks_imported(self, tx, event):
        """Nobody is nudged because old work is taken over; the ladders look at it."""
        items.follow_pieces(tx, event.data, event.data["pieces"], event.subject, event.version, nudging=False)
        deadlines.follow_pieces(tx, event.data["pieces"], event.data["at"], clock.now())
        watching.follow(tx, event.data, event.data["pieces"])

    @hears(tasks.extension_requested)
    def on_extension_requested(self, tx, event):
        items.follow_extension(tx, event.data)
        watching.follow(tx, event.data)
        watching.acknowledged(tx, event.data["assignment_id"], event.data["at"])

    @hears(tasks.extension_decided)
    def on_extension_decided(self, tx, event):
        items.follow_extension(tx, event.data)
        deadlines.follow_pieces(tx, event.data["pieces"], event.data["at"], clock.now())
        watching.follow(tx, event.data, event.data["pieces"])

    @hears(tasks.draft_changed)
    def on_draft_changed(self, tx, event):
        items.follow_waiting(tx, event.data, event.subject, event.version)

    @hears(tasks.progress_reported)
    def on_progress_reported(self, tx, event):
        items.follow_waiting(tx, event.data, event.subject, event.version)
        watching.follow(tx, event.data)
        watching.acknowledged(tx, event.data["assignment_id"], event.data["at"])

    @hears(tasks.blocker_raised)
    def on_blocker_raised(self, tx, event):
        items.follow_waiting(tx, event.data, event.subject, event.version)
        watching.follow(tx, event.data)
        watching.acknowledged(tx, event.data["assignment_id"], event.data["at"])

    @hears(tasks.blocker_resolved)
    def on_blocker_resolved(self, tx, event):
        items.follow_waiting(tx, event.data, event.subject, event.version)
        watching.follow(tx, event.data)

    @hears(tasks.urging_raised)
    def on_urging_raised(self, tx, event):
        items.follow_waiting(tx, event.data, event.subject, event.version)
        watching.urge(tx, event.data, clock.now())

    @hears(tasks.urging_answered)
    def on_urging_answered(self, tx, event):
        items.follow_waiting(tx, event.data, event.subject, event.version)
        watching.follow(tx, event.data)
        watching.acknowledged(tx, event.data["assignment_id"], event.data["at"])

    @hears(tasks.correction_proposed)
    def on_correction_proposed(self, tx, event):
        items.follow_waiting(tx, event.data, event.subject, event.version)
        watching.follow(tx, event.data)

    @hears(tasks.correction_decided)
    def on_correction_decided(self, tx, event):
        items.follow_waiting(tx, event.data, event.subject, event.version)
        deadlines.follow_pieces(tx, event.data["pieces"], event.data["at"], clock.now())
        watching.follow(tx, event.data, event.data["pieces"])

    @hears(messaging.message_addressed)
    def on_message_addressed(self, tx, event):
        directives.follow(tx, event.data)
        mentions.follow(tx, event.data, clock.now())

    @hears(messaging.mentions_read)
    def on_mentions_read(self, tx, event):
        mentions.note_read(tx, event.data)

    @hears(messaging.directive_acknowledged)
    def on_directive_acknowledged(self, tx, event):
        directives.acknowledge(tx, event.data)

    @hears(messaging.announcement_published)
    def on_announcement_published(self, tx, event):
        announcements.follow(tx, event.data)

    @hears(messaging.announcement_seen)
    def on_announcement_seen(self, tx, event):
        announcements.note_seen(tx, event.data)

    @hears(messaging.announcement_withdrawn)
    def on_announcement_withdrawn(self, tx, event):
        announcements.withdraw(tx, event.data)

    @hears(directory.person_erased)
    def on_person_erased(self, tx, event):
        erasing.forget(tx, event.data["person_id"])

    @hears(directory.break_glass_used)
    def on_break_glass_used(self, tx, event):
        items.raise_break_glass(tx, event.data, event.version, clock.now())

    @hears(directory.break_glass_sealed)
    def on_break_glass_sealed(self, tx, event):
        items.close_break_glass(tx, event.data, event.version)

    @hears(inbound.waiting_item_opened)
    def on_waiting_item_opened(self, tx, event):
        siblings.follow_item(tx, event, clock.now())

    @hears(inbound.waiting_item_changed)
    def on_waiting_item_changed(self, tx, event):
        siblings.follow_item(tx, event, clock.now())

    @hears(inbound.waiting_item_closed)
    def on_waiting_item_closed(self, tx, event):
        siblings.close_item(tx, event, clock.now())
