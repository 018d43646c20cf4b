"""When somebody must act, and how much it burns: pure."""
