"""The password of everybody whom tests create."""

PASSWORD = "a password for tests"
