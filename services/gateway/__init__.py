"""The gateway: one HTTP site for people, over the three services behind it."""
