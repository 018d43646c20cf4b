"""Personal reminders (nhắc việc cá nhân), their calendar feed, and invitations."""
