"""RTSP 1.0 (RFC 2326) over TCP with interleaved RTP."""
