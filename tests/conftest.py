"""Every test may ask for the real parts."""

pytest_plugins = [
    "pytester",
    "tests.parts.hooks",
    "tests.parts.fixtures",
    "tests.parts.kubernetes.fixtures",
]
