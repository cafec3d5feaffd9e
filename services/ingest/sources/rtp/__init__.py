"""RTP (RFC 3550): packets in, access units out. One depacketiser per payload format."""
