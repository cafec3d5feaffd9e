"""Finding a site's cameras by ONVIF: WS-Discovery 1.0 (2005/04), then the Device and Media services."""
