"""What one must act on now."""

from contracts import reminders
from gateway.routes import route

SNOOZING = ("until_out_of_range", "snooze_past_deadline", "snooze_not_allowed", "too_many_snoozed")


class ActionItemsRoutes:
    @route("GET", "/action-items", tag="reminders", query=reminders.ListActionItems, answer=reminders.ActionItemPage)
    def list_action_items(self, call):
        """What one must act on now: what is due first comes first, then what is most urgent."""
        return call.ask(reminders.list_action_items, call.query)

    @route("GET", "/action-items/counts", tag="reminders", answer=reminders.ActionItemCounts)
    def count_action_items(self, call):
        """How many, by kind and by deadline: up to 1,000 of each are counted, then there are `more`."""
        return call.ask(reminders.count_action_items)

    @route("GET", "/action-items/<uuid:item_id>", tag="reminders", answer=reminders.ActionItem)
    def get_action_item(self, call, item_id):
        """One of them, as long as it waits."""
        return call.ask(reminders.get_action_item, {"id": item_id})

    @route("POST", "/action-items/<uuid:item_id>/snooze", tag="reminders", body=reminders.Snooze,
           answer=reminders.ActionItem, refusals=SNOOZING)  # fmt: skip
    def snooze_action_item(self, call, item_id):
        """Tạm ẩn: one does not see it until then, or until it changes; never past its deadline without saying so."""
        return call.ask(reminders.snooze_action_item, call.body | {"id": item_id})

    @route("POST", "/action-items/<uuid:item_id>/unsnooze", tag="reminders", answer=reminders.ActionItem)
    def unsnooze_action_item(self, call, item_id):
        """Bỏ tạm ẩn: one sees it again."""
        return call.ask(reminders.unsnooze_action_item, {"id": item_id})
