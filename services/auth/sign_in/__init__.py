"""The ways in: passwords, clients' credentials, device codes, a provider of OpenID Connect."""
