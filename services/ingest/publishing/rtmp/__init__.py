"""RTMP 1.0 as far as a publisher needs it: handshake, chunks, commands, FLV tags in, access units out."""
