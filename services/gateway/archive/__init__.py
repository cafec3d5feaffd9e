"""Recorded footage: its index, timeline, playlists and bytes, from store and spool alike."""
