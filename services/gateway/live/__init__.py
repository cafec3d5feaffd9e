"""Live pictures: one WatchLive for each watched camera, its last segments, and their playlists."""
