"""The services that the administrator's tool calls, as errors name them."""

AUTH = "services/auth"
INGEST = "services/ingest"
STORAGE = "services/storage"
