"""Which encoder is tried, and which is left alone."""

from services.ingest.transcoding.encoder_choice import EncoderChoice
from services.ingest.transcoding.encoders import HARDWARE, SOFTWARE


def test_hardware_is_tried_first_until_it_is_known_what_opens() -> None:
    encoders = EncoderChoice("auto")
    assert encoders.live == (*HARDWARE, SOFTWARE)
    encoders.on_encoder("h264_qsv")
    assert encoders.live == ("h264_qsv", SOFTWARE)
    encoders.on_encoder(SOFTWARE)
    assert encoders.live == ("h264_qsv", SOFTWARE), "one stream for which it was busy tells nothing of others"


def test_hardware_is_left_alone_once_its_trial_ended_a_process() -> None:
    encoders = EncoderChoice("auto")
    encoders.on_encoder(None)
    assert encoders.live == (SOFTWARE,)


def test_segments_of_a_recording_are_all_of_one_encoder() -> None:
    encoders = EncoderChoice("auto")
    encoders.on_encoder("h264_nvenc")
    assert encoders.recorded == (SOFTWARE,)
    assert EncoderChoice("h264_nvenc").recorded == EncoderChoice("h264_nvenc").live == ("h264_nvenc",)
