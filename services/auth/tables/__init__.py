"""Auth's tables, by subject. Instants are ms since 1970 UTC."""
