"""Session descriptions in the styles of several makers lead to the right tracks and controls."""

import pytest

from services.ingest.sources.rtsp.sdp import (
    au_header_layout,
    choose_audio,
    choose_video,
    parse_session_description,
    resolve_control,
)
from services.ingest.sources.source import SourceError
from tests.unit.sources.test_h264 import PPS, SPS

RECORDER_STYLE = """v=0
o=- 1714 1714 IN IP4 10.1.2.3
s=Media Presentation
b=AS:5100
a=control:rtsp://10.1.2.3/Streaming/Channels/101/
m=video 0 RTP/AVP 96
a=recvonly
a=x-dimensions:1920,1080
a=control:rtsp://10.1.2.3/Streaming/Channels/101/trackID=1
a=rtpmap:96 H264/90000
a=fmtp:96 profile-level-id=640028; packetization-mode=1; \
sprop-parameter-sets=Z2QAKKzZQHgCJ+XARAAAAwAEAAADAMg8YMZY,aOvjyyLA
m=audio 0 RTP/AVP 8
a=control:rtsp://10.1.2.3/Streaming/Channels/101/trackID=2
a=rtpmap:8 PCMA/8000
m=application 0 RTP/AVP 107
a=control:rtsp://10.1.2.3/Streaming/Channels/101/trackID=3
a=rtpmap:107 vnd.onvif.metadata/90000
"""

QUERY_STYLE = """v=0\r
s=RTSP Server\r
a=control:*\r
a=range:npt=now-\r
m=video 0 RTP/AVP 98\r
a=control:trackID=0\r
a=framerate:25.000000\r
a=rtpmap:98 H265/90000\r
a=fmtp:98 sprop-vps=QAEMAf//AWAAAAMAkAAAAwAAAwBdlZgJ;sprop-sps=QgEBAWAAAAMAkAAAAwAAAwBdoAKAgC0WWVlmpJMkuagICAgIIAAAAwAgAAADAyEA;sprop-pps=RAHBcrRiQA==\r
m=audio 0 RTP/AVP 97\r
a=control:trackID=1\r
a=rtpmap:97 MPEG4-GENERIC/16000\r
a=fmtp:97 streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=1408\r
"""  # noqa: E501

BARE_STYLE = "m=audio 0 RTP/AVP 0\nm=video 5000/2 RTP/AVP 35 96\na=rtpmap:35 H264/90000\n"


def test_a_recorders_description() -> None:
    session = parse_session_description(RECORDER_STYLE)
    media, video = choose_video(session)
    assert (video.codec, video.clock_rate, video.parameter_sets) == ("h264", 90000, (SPS, PPS))
    assert media.control.endswith("/trackID=1")
    assert session.control == "rtsp://10.1.2.3/Streaming/Channels/101/"
    chosen = choose_audio(session)
    assert chosen is not None
    assert (chosen[1].codec, chosen[1].clock_rate, chosen[0].payload_type) == ("pcma", 8000, 8)


def test_a_description_with_h265_and_aac() -> None:
    session = parse_session_description(QUERY_STYLE)
    _, video = choose_video(session)
    assert video.codec == "h265"
    assert [unit[0] >> 1 for unit in video.parameter_sets] == [32, 33, 34]
    chosen = choose_audio(session)
    assert chosen is not None
    media, audio = chosen
    assert (audio.codec, audio.clock_rate, audio.channels, audio.config) == ("aac", 16000, 1, b"\x14\x08")
    layout = au_header_layout(media, audio)
    assert (layout.size_length, layout.index_length, layout.frame_duration) == (13, 3, 1024)


def test_static_payload_types_need_no_rtpmap_and_parameter_sets_may_be_missing() -> None:
    session = parse_session_description(BARE_STYLE)
    _, video = choose_video(session)
    assert video.parameter_sets == ()
    chosen = choose_audio(session)
    assert chosen is not None
    assert chosen[1].codec == "pcmu"


def test_parameter_sets_with_start_codes_left_in_are_cleaned() -> None:
    text = (
        "m=video 0 RTP/AVP 96\na=rtpmap:96 h264/90000\n"
        "a=fmtp:96 sprop-parameter-sets=AAAAAWdkACis2UB4AiflwEQAAAMABAAAAwDIPGDGWA==,AAAAAWjr48siwA==,\n"
    )
    assert choose_video(parse_session_description(text))[1].parameter_sets == (SPS, PPS)


@pytest.mark.parametrize(
    ("encoding", "name"), [("H264", "sprop-parameter-sets"), ("H265", "sprop-sps"), ("H265", "sprop-pps")]
)
def test_more_parameter_sets_than_a_stream_has_are_not_read(encoding: str, name: str) -> None:
    def described(sets: int) -> str:
        texts = ",".join(["aOvjyyLA"] * sets)
        return f"m=video 0 RTP/AVP 96\na=rtpmap:96 {encoding}/90000\na=fmtp:96 {name}={texts}\n"

    choose_video(parse_session_description(described(64)))
    with pytest.raises(SourceError, match="over 64 parameter sets") as caught:
        choose_video(parse_session_description(described(65)))
    assert caught.value.code == "camera.protocol_error"


def test_half_a_set_of_parameters_is_none() -> None:
    text = "m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:96 sprop-parameter-sets=aOvjyyLA\n"
    assert choose_video(parse_session_description(text))[1].parameter_sets == ()


def test_a_second_video_track_is_taken_where_the_first_is_not_carried() -> None:
    text = "m=video 0 RTP/AVP 26\nm=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=control:second\n"
    assert choose_video(parse_session_description(text))[0].control == "second"


def test_an_aac_frame_lasts_longer_where_the_clock_counts_the_doubled_rate() -> None:
    text = (
        "m=audio 0 RTP/AVP 97\na=rtpmap:97 mpeg4-generic/48000/2\n"
        "a=fmtp:97 mode=AAC-hbr;config=1310;sizelength=0\n"
    )
    chosen = choose_audio(parse_session_description(text))
    assert chosen is not None
    layout = au_header_layout(*chosen)
    assert (layout.size_length, layout.frame_duration) == (13, 2048)


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("m=video 0 RTP/AVP 26\n", "camera.codec_unsupported", "RTP payload type 26"),
        ("m=video 0 RTP/AVP 99\na=rtpmap:99 MP4V-ES/90000\n", "camera.codec_unsupported", "MP4V-ES"),
        ("m=application 0 RTP/AVP 107\n", "camera.no_video", "no video"),
        ("nonsense\n=\nm=\nm=video\na=\na=rtpmap:x\n", "camera.no_video", "no video"),
    ],
)
def test_what_is_not_carried_is_named(text: str, code: str, said: str) -> None:
    with pytest.raises(SourceError) as caught:
        choose_video(parse_session_description(text))
    assert caught.value.code == code
    assert said in caught.value.detail


def test_impossible_numbers_are_passed_over() -> None:
    endless = "9" * 10_000
    text = (
        f"m=video 0 RTP/AVP {endless}\nm=video 0 RTP/AVP 96\n"
        f"a=rtpmap:96 H264/{endless}\na=rtpmap:{endless} H264/1\n"
    )
    assert choose_video(parse_session_description(text))[1].clock_rate == 90000


@pytest.mark.parametrize(
    ("base", "control", "url"),
    [
        ("rtsp://h/live/", "trackID=0", "rtsp://h/live/trackID=0"),
        ("rtsp://h/live", "trackID=0", "rtsp://h/live/trackID=0"),
        ("rtsp://h/cam?channel=1&subtype=0", "trackID=0", "rtsp://h/cam?channel=1&subtype=0/trackID=0"),
        ("rtsp://h/live", "rtsp://h/other/track1", "rtsp://h/other/track1"),
        ("rtsp://h/live/x", "/track1", "rtsp://h/track1"),
        ("rtsp://h/live", "?track=video", "rtsp://h/live?track=video"),
        ("rtsp://h/live", "*", "rtsp://h/live"),
        ("rtsp://h/live", "", "rtsp://h/live"),
    ],
)
def test_controls_resolve_as_cameras_mean_them(base: str, control: str, url: str) -> None:
    assert resolve_control(base, control) == url


@pytest.mark.parametrize(
    ("base", "control"),
    [("rtsp://h/live", "rtsp://[cam]/t"), ("rtsp://h/live", "//[cam]/t"), ("rtsp://[cam]/live", "/t")],
)
def test_a_control_that_is_no_url_is_refused_by_name(base: str, control: str) -> None:
    with pytest.raises(SourceError, match="malformed URL") as caught:
        resolve_control(base, control)
    assert caught.value.code == "camera.protocol_error"
