"""What the directory does when asked: one function per verb, in a transaction that the caller opened."""
