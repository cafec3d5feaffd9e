"""Footage on its way to the object store: spool, recovery, upload, commit.

    spool = Spool(folder, clock, SpoolSettings(), metrics)
    spool.list_spool(uid, start_ms, end_ms) -> list[SpoolFile]      what lies in the spool, oldest first
    spool.read(uid, key, offset, length) -> Iterator[bytes]         raises NotFoundError("spool.gone")
    recover(spool, epoch) -> Recovered                              once, before the first session
    async with spool.running(): ...                                 the sync rounds
    Uploader(spool, store, store_name, commit, clock, ...).run()    PUT, commit, delete, for ever

One camera's life, for the supervisor (services.ingest.session):

    ring = Ring(cap_bytes)                                          one per camera, outlives sessions
    ring.subscribe(backlog) -> AsyncIterator[LiveItem]              .event: InitSection | Fragment, .message(): bytes
    CameraSession(camera: CameraSpec, *, epoch: int, open_source: Callable[[CameraSpec], Source], clock: Clock,
                  spool: Spool, ring: Ring, observer: CameraObserver, time_zone: ZoneInfo,
                  settings: SessionSettings = SessionSettings()).run()   until cancelled
"""
