"""Protobuf envelopes written and read by hand, so that footage is not copied through the protobuf runtime.

The bytes are those of `ingest.v1.WatchLiveResponse` and `ReadSpoolResponse`: any generated client reads them.
Servers send them through an identity serializer (`snowlight.rpc`), and a reader here finds the payload by its
last field without decoding it.
"""

from snowlight.api.ingest.v1 import live_pb2
from snowlight.media.fragment import Fragment, InitSection

_INIT_TAG = b"\x0a"  # WatchLiveResponse.init = 1, length-delimited
_FRAGMENT_TAG = b"\x12"  # WatchLiveResponse.fragment = 2
_FRAGMENT_DATA_TAG = b"\x7a"  # Fragment.data = 15
_SPOOL_DATA_TAG = b"\x0a"  # ReadSpoolResponse.data = 1


def encode_init(init: InitSection) -> bytes:
    """A WatchLiveResponse that carries `init`."""
    message = live_pb2.Init(
        init8=init.init8,
        data=init.data,
        codecs=init.codecs,
        width=init.width,
        height=init.height,
        session=init.session,
        discontinuity_sequence=init.discontinuity_sequence,
        target_duration_ms=init.target_duration_ms,
        part_target_ms=init.part_target_ms,
    )
    return live_pb2.WatchLiveResponse(init=message).SerializeToString()


def encode_fragment(fragment: Fragment) -> bytes:
    """A WatchLiveResponse that carries `fragment`, its bytes copied once."""
    head = live_pb2.Fragment(
        segment=fragment.segment,
        part=fragment.part,
        start_ms=fragment.start_ms,
        duration_ms=fragment.duration_ms,
        independent=fragment.independent,
        lossy=fragment.lossy,
    ).SerializeToString()
    length = varint(fragment.size)
    inner = len(head) + 1 + len(length) + fragment.size
    return b"".join((_FRAGMENT_TAG, varint(inner), head, _FRAGMENT_DATA_TAG, length, *fragment.chunks))


def decode_live(message: bytes) -> InitSection | Fragment:
    """The event in a serialised WatchLiveResponse. Raises ValueError when it is none."""
    if message[:1] == _INIT_TAG:
        return init_of(live_pb2.WatchLiveResponse.FromString(message).init)
    if message[:1] != _FRAGMENT_TAG:
        raise ValueError("neither init nor fragment")
    _, start = _read_varint(message, 1)
    data_start, head_end = _find_data(message, start)
    head = live_pb2.Fragment.FromString(message[start:head_end])
    return _fragment(head, message[data_start:])


def init_of(message: live_pb2.Init) -> InitSection:
    """What `message` tells."""
    return InitSection(
        message.init8,
        message.data,
        message.codecs,
        message.width,
        message.height,
        message.session,
        message.discontinuity_sequence,
        message.target_duration_ms,
        message.part_target_ms,
    )


def fragment_of(message: live_pb2.Fragment) -> Fragment:
    """What `message` tells, its bytes included."""
    return _fragment(message, message.data)


def _fragment(head: live_pb2.Fragment, data: bytes) -> Fragment:
    return Fragment(
        head.segment,
        head.part,
        head.start_ms,
        head.duration_ms,
        head.independent,
        head.lossy,
        (data,),
    )


def encode_spool_data(data: bytes | memoryview) -> bytes:
    """A ReadSpoolResponse that carries `data`."""
    return b"".join((_SPOOL_DATA_TAG, varint(len(data)), data))


def decode_spool_data(message: bytes) -> bytes:
    """The bytes in a serialised ReadSpoolResponse; empty for an empty message."""
    if not message:
        return b""
    if message[:1] != _SPOOL_DATA_TAG:
        raise ValueError("no data field")
    length, start = _read_varint(message, 1)
    return message[start : start + length]


def _find_data(message: bytes, position: int) -> tuple[int, int]:
    """Where Fragment.data's bytes begin, and where the fields before it end. All of those are varints."""
    while position < len(message):
        if message[position : position + 1] == _FRAGMENT_DATA_TAG:
            _, start = _read_varint(message, position + 1)
            return start, position
        _, position = _read_varint(message, position + 1)
    return position, position


def varint(value: int) -> bytes:
    """A length, or another number that is not negative, as protobuf writes it."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _read_varint(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
