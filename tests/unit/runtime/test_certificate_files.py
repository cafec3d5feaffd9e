"""Files of certificates tell once that they were renewed: gRPC must not be told of what it has already."""

from pathlib import Path

from snowlight.rpc.certificates import certificate_files
from tests.parts.certificates import Authority


def test_what_was_renewed_is_told_once(tmp_path: Path) -> None:
    authority = Authority()
    files = certificate_files(authority.issue().write(tmp_path, authority.pem))
    assert files is not None
    first = files.current()
    assert [files.renewed() for _ in range(3)] == [None] * 3
    second = authority.issue()
    second.write(tmp_path, authority.pem)
    renewed = files.renewed()
    assert renewed is not None
    assert (renewed.certificate, renewed.certificate != first.certificate) == (second.certificate, True)
    assert files.renewed() is None
    (tmp_path / "key.pem").write_bytes(b"in the middle of a renewal")
    assert files.renewed() is None
