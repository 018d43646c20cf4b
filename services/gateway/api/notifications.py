"""How one is reached, and what one was nudged about."""


class NotificationsRoutes:
    pass
