"""HLS of MPEG-2 transport streams (RFC 8216 section 3.2), for players that take nothing else."""
