"""What one must act on now."""

from contracts import reminders
from gateway.routes import route


class ActionItemsRoutes:
    @route("GET", "/action-items", tag="reminders", query=reminders.ListActionItems, answer=reminders.ActionItemPage)
    def list_action_items(self, call):
        """What one must act on now."""
        return call.ask(reminders.list_action_items, call.query)
