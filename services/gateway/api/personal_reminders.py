"""Personal reminders and the calendar feed."""


class PersonalRemindersRoutes:
    pass
