"""Who takes part in a conversation and as what, and which files are taken in: pure."""
