"""A call's own page: when it is, another time, cancelling, calendar file, reminders. Opened by a signed link."""
