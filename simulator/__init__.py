"""A village of RTSP cameras whose pictures tell the second they were taken in, with faults on request."""
