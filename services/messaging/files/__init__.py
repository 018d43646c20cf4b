"""What looks at bytes that were handed in: what they are, and whether anything hostile is in them."""
