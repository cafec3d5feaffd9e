"""HTTP/2 pings (RFC 9113, section 6.7) that tell whether who is silent is still there."""

Options = tuple[tuple[str, int], ...]
"""As gRPC's channels and servers take them."""


def keepalive(*, each_s: int, answered_within_s: int) -> Options:
    """Ping who has told nothing for `each_s`, and give them up after `answered_within_s` more, seconds."""
    return (
        ("grpc.keepalive_time_ms", each_s * 1000),
        ("grpc.keepalive_timeout_ms", answered_within_s * 1000),
        # Seen with grpcio 1.85.1: the timeout of keepalive does nothing where that of all pings is longer,
        # which is 60 s by default.
        ("grpc.http2.ping_timeout_ms", answered_within_s * 1000),
        ("grpc.http2.max_pings_without_data", 0),
    )
