"""An RTSP 1.0 server (RFC 2326) that interleaves RTP on its TCP connection."""
