"""Makes segments that may be put one behind the other, whoever made them.

A continuity counter counts the packets of a PID in four bits (ISO/IEC 13818-1, 2.4.3.3). Any gateway may make
any segment and knows of no other, and a player may begin anywhere: so each segment has a multiple of 16
packets of each PID, counted from 0. The next one goes on where it ends. No discontinuity need be declared,
for which a set-top box would reset its clock at every segment.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from services.gateway.transport_stream.packets import (
    PCR_WRAP,
    Packets,
    clock_packet,
    clock_references,
    divided,
    numbered,
    packets_of,
    payload_sizes,
    pids,
    start_units,
)
from snowlight.media.boxes import VIDEO_TIMESCALE

VIDEO_PID, AUDIO_PID = 0x100, 0x101
"""As libav gives them; the video's bears the clock."""
TABLES = 16
"""PAT and PMT of a segment, or a multiple of it."""
_PAT_PID, _PMT_PID = 0, 0x1000
_COUNTERS = 16
_CLOCK_STEP = VIDEO_TIMESCALE * 9 // 100
"""References come at least each 0.1 s (2.7.2), also where pictures do not."""
_LONGEST_FILLED = VIDEO_TIMESCALE * 60
_TABLES_STEP = VIDEO_TIMESCALE // 2


def continuous(data: bytes, end: int) -> bytes:
    """One segment as libav has written it, its packets put in order.

    `end`: the clock, 90 kHz, when the next segment begins. Raises ValueError when it is no transport stream.
    """
    packets = packets_of(data)
    of_streams = pids(packets)
    tables = [packets[of_streams == pid][:1] for pid in (_PAT_PID, _PMT_PID)]
    media = packets[(of_streams == VIDEO_PID) | (of_streams == AUDIO_PID)]
    if not media.size or not all(table.size for table in tables):
        raise ValueError("a transport stream without pictures or tables")
    for pid in (VIDEO_PID, AUDIO_PID):
        media = _filled_up(media, pid)
    media = _with_clock(media, end)
    return numbered(_with_tables(media, np.concatenate(tables), end)).tobytes()


def _filled_up(packets: Packets, pid: int) -> Packets:
    """With so many packets of the stream as counters go round: the fullest one is divided."""
    sizes = np.where(pids(packets) == pid, payload_sizes(packets), 0)
    missing = -int(np.count_nonzero(sizes)) % _COUNTERS
    if not missing:
        return packets
    at = int(np.argmax(sizes))
    pieces = divided(packets[at : at + 1], missing + 1)
    return np.concatenate([packets[:at], pieces, packets[at + 1 :]])


def _with_clock(packets: Packets, end: int) -> Packets:
    """With a reference wherever there is none for too long, up to `end`."""
    references = clock_references(packets, VIDEO_PID)
    places: list[int] = []
    added: list[Packets] = []
    for (_, clock), (index, following) in pairwise([*references, (len(packets), end)]):
        ahead = (following - clock) % PCR_WRAP
        if ahead > _LONGEST_FILLED:  # stamps that jump, or go back
            continue
        for passed in range(_CLOCK_STEP, ahead, _CLOCK_STEP):
            places.append(index)
            added.append(clock_packet(VIDEO_PID, clock + passed))
    return np.insert(packets, places, np.concatenate(added), axis=0) if added else packets


def _with_tables(packets: Packets, tables: Packets, end: int) -> Packets:
    """With the tables spread over the pictures: the first before all else, none more than half a second later
    than pictures allow."""
    pictures = np.flatnonzero(start_units(packets) & (pids(packets) == VIDEO_PID))
    begin = next((clock for _, clock in clock_references(packets, VIDEO_PID)), end)
    lasts = min((end - begin) % PCR_WRAP, _LONGEST_FILLED)
    times = TABLES * max(1, -(-lasts // (TABLES * _TABLES_STEP)))
    places = pictures[np.arange(times) * len(pictures) // times]
    places[0] = 0
    return np.insert(packets, np.repeat(places, len(tables)), np.tile(tables, (times, 1)), axis=0)
