"""Who takes part in a conversation, and as what: pure."""
