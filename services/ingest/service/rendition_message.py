"""Renditions as others are told of them."""

from services.ingest.observer import MediaInfo
from snowlight.api.ingest.v1 import live_pb2


def rendition_message(name: str, media: MediaInfo | None, *, running: bool = False) -> live_pb2.Rendition:
    """`media`: None while it is not known."""
    message = live_pb2.Rendition(name=name, running=running)
    if media is not None:
        message.codecs, message.bits_per_second = media.codecs, media.bits_per_second
        message.width, message.height = media.width, media.height
        message.frames_per_second = media.frames_per_second
    return message
