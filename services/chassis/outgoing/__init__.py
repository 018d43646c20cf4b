"""HTTP to others on somebody's word: where we may connect to, and for how long we wait."""
