"""What viewers and the spool are told of a mux session before its first fragment."""

from hashlib import sha256

from services.ingest.media.numbering import Numbering, part_target_ms
from snowlight.media.description import Description
from snowlight.media.fragment import InitSection


def session_head(
    init: bytes, description: Description, numbering: Numbering, interval_ms: float
) -> InitSection:
    """`init`: the init section, which `description` is of. `numbering`: of the camera, and begun with this
    session. `interval_ms`: from one picture to the next."""
    return InitSection(
        init8=sha256(init).hexdigest()[:8],
        data=init,
        codecs=description.codecs,
        width=description.width,
        height=description.height,
        session=numbering.session,
        discontinuity_sequence=numbering.discontinuity_sequence,
        target_duration_ms=numbering.target_ms,
        part_target_ms=part_target_ms(interval_ms),
    )
