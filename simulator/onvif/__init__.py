"""ONVIF devices, one for each camera: WS-Discovery, and the services that tell where its RTSP is."""
