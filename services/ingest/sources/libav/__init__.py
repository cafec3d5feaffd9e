"""Every protocol but RTSP over TCP: libav opens and demuxes it, in a thread per camera."""
