"""The crash test: whatever is killed, no answered order is lost, none takes effect twice, and soon all agree."""
