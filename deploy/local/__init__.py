"""The one-command run: private instances, five services under a supervisor, and the same for the tests."""
