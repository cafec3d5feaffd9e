"""People of an organisation that runs a provider of OpenID Connect (Core 1.0) sign in by it."""
