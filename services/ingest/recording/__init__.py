"""Footage on its way to the object stores: spool, recovery, upload, commit; and what of it is lost.

    spool = Spool(folder, clock, SpoolSettings(), RecordingMetrics(registry))
    recovered = await recover(spool, record)               before the first session; .end_ms: {uid: ms}
    async with spool.running(): ...                        sync rounds
    await Uploads(spool, {name: Uploader(...)}, store_of).run()
    spool.list_spool(uid, start_ms, end_ms) -> list[SpoolFile]      .key, .table(), .segment(store)
    spool.read(uid, key, offset, length) -> Iterator[bytes]         NotFoundError("spool.gone")

One camera's life, for the supervisor:

    parts = SessionParts.create(clock, spool, is_store_out, time_zone, skew_ms, pace)   shared by all sessions
    ring = Ring(cap_bytes)                                 one per camera, outlives sessions
    ring.subscribe(backlog) -> AsyncIterator[LiveItem]     .event: InitSection | Fragment, .message(): bytes
    CameraSession(camera, epoch=, open_source=, parts=, ring=, observer=).run()      until cancelled
"""
