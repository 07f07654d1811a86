"""What a manager sees of who did what: the audit trail on the web."""
