"""Tickets in use at this gateway: checked at every request, renewed each minute, measured, and cut off."""
