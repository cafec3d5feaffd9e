"""Footage on its way to the object store: spool, recovery, upload, commit.

    spool = Spool(folder, clock, SpoolSettings(), RecordingMetrics(registry), also_sync)
    recovered = await recover(spool)                       before the first session; .end_ms: {uid: ms}
    async with spool.running(): ...                        sync rounds
    await Uploader(spool, store, store_name, commit, clock, UploadSettings(), Random()).run()
    spool.list_spool(uid, start_ms, end_ms) -> list[SpoolFile]      .key, .table(), .segment(store)
    spool.read(uid, key, offset, length) -> Iterator[bytes]         NotFoundError("spool.gone")

One camera's life, for the supervisor:

    parts = SessionParts.create(clock, spool, time_zone, SessionSettings())     shared by all sessions
    ring = Ring(cap_bytes)                                 one per camera, outlives sessions
    ring.subscribe(backlog) -> AsyncIterator[LiveItem]     .event: InitSection | Fragment, .message(): bytes
    CameraSession(camera, epoch=, open_source=, parts=, ring=, observer=).run()      until cancelled
"""
