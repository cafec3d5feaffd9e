"""Credentials are answered as the RFCs' own examples say, and a wrong password ends in a clear word."""

import hashlib

import pytest

from services.ingest.sources.rtsp.authentication import Authenticator, parse_challenges
from services.ingest.sources.source import Credentials, SourceError

RFC_2617 = (
    'Digest realm="testrealm@host.com", qop="auth,auth-int", '
    'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
)
RFC_7616 = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
    'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)
PLAIN = 'Digest realm="IP Camera", nonce="abc"'


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def authenticator(
    user: str = "admin", password: str = "secret", *, basic_allowed: bool = True
) -> Authenticator:
    return Authenticator(Credentials(user, password), basic_allowed=basic_allowed)


def refused(one: Authenticator, *fields: str) -> str:
    with pytest.raises(SourceError) as caught:
        one.refuse(fields)
    assert caught.value.code == "camera.auth_failed"
    assert "secret" not in str(caught.value)
    return caught.value.detail


def test_the_digest_of_rfc_2617() -> None:
    one = Authenticator(Credentials("Mufasa", "Circle Of Life"), new_client_nonce=lambda: "0a4f113b")
    one.refuse([RFC_2617])
    header = one.authorize("GET", "/dir/index.html")["Authorization"]
    assert 'response="6629fae49393a05397450978507c4ef1"' in header
    assert "nc=00000001" in header
    assert 'opaque="5ccc069c403ebaf9f0171e9517f40e41"' in header


def test_the_digest_of_rfc_7616_with_sha_256() -> None:
    nonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    one = Authenticator(Credentials("Mufasa", "Circle of Life"), new_client_nonce=lambda: nonce)
    one.refuse([RFC_7616])
    header = one.authorize("GET", "/dir/index.html")["Authorization"]
    assert 'response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"' in header


def test_the_digest_of_rfc_2069_has_no_quality() -> None:
    one = Authenticator(Credentials("Mufasa", "CircleOfLife"))
    one.refuse(['Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'])
    header = one.authorize("GET", "/dir/index.html")["Authorization"]
    assert 'response="1949323746fe6a43ef61f9606e7febea"' in header
    assert "qop" not in header


def test_md5_sess_hashes_the_nonces_in() -> None:
    one = Authenticator(Credentials("u", "p"), new_client_nonce=lambda: "c")
    one.refuse(['Digest realm="r", nonce="n", qop="auth", algorithm=MD5-sess'])
    header = one.authorize("PLAY", "rtsp://h/1")["Authorization"]
    secret = md5(md5("u:r:p") + ":n:c")
    response = md5(f"{secret}:n:00000001:c:auth:" + md5("PLAY:rtsp://h/1"))
    assert f'response="{response}"' in header


def test_each_use_of_a_nonce_is_counted() -> None:
    one = authenticator()
    one.refuse([RFC_2617])
    headers = [one.authorize("OPTIONS", "rtsp://h/1")["Authorization"] for _ in range(3)]
    assert ["nc=0000000" + n in h for n, h in zip("123", headers, strict=True)] == [True] * 3


def test_basic() -> None:
    one = authenticator("Aladdin", "open sesame")
    one.refuse(['Basic realm="WallyWorld"'])
    assert one.authorize("PLAY", "rtsp://h/1") == {"Authorization": "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}


def test_nothing_is_sent_before_the_server_asks() -> None:
    assert authenticator().authorize("OPTIONS", "rtsp://h/1") == {}


def test_digest_goes_before_basic_in_one_field_or_in_two() -> None:
    for fields in (['Basic realm="x"', PLAIN], ['Basic realm="x", ' + PLAIN], [PLAIN + ', Basic realm="x"']):
        one = authenticator()
        one.refuse(fields)
        assert one.authorize("PLAY", "rtsp://h/1")["Authorization"].startswith("Digest ")


def test_an_unknown_algorithm_is_passed_over() -> None:
    one = authenticator()
    one.refuse(['Digest realm="r", nonce="n", algorithm=SHA-512-256', PLAIN])
    assert 'nonce="abc"' in one.authorize("PLAY", "rtsp://h/1")["Authorization"]


def test_wrong_credentials_are_named_by_the_scheme_that_failed() -> None:
    for field, said in ((PLAIN, "401 after Digest"), ('Basic realm="x"', "401 after Basic")):
        one = authenticator()
        one.refuse([field])
        one.authorize("DESCRIBE", "rtsp://h/1")
        assert refused(one, field) == said
    assert refused(Authenticator(None), PLAIN) == "401 and no credentials given"
    assert refused(authenticator(), "Negotiate") == "401, and the camera offers negotiate"


def test_a_stale_nonce_is_replaced_but_not_for_ever() -> None:
    one = authenticator()
    one.refuse([PLAIN])
    stale = 'Digest realm="IP Camera", nonce="new", stale=TRUE'
    one.refuse([stale])
    assert 'nonce="new"' in one.authorize("PLAY", "rtsp://h/1")["Authorization"]
    one.refuse([stale])
    assert refused(one, stale) == "401 after Digest"


def test_a_nonce_that_served_may_be_renewed_without_saying_stale() -> None:
    one = authenticator()
    one.refuse([PLAIN])
    one.authorize("DESCRIBE", "rtsp://h/1")
    one.accept()
    one.refuse([PLAIN.replace("abc", "def")])
    assert 'nonce="def"' in one.authorize("PLAY", "rtsp://h/1")["Authorization"]


def test_basic_is_kept_from_a_server_the_password_was_not_given_for() -> None:
    assert "offers basic" in refused(authenticator(basic_allowed=False), 'Basic realm="x"')


def test_challenges_with_escapes_and_odd_spacing() -> None:
    (challenge,) = parse_challenges(['digest realm = "a \\"b\\", c" ,nonce=xyz'])
    assert challenge.parameters == {"realm": 'a "b", c', "nonce": "xyz"}
