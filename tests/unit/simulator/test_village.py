import re

import pytest

from simulator.faults import Faults
from simulator.loop.parameters import LoopParameters, Profile
from simulator.regions import REGIONS, lineage
from simulator.rtsp.authentication import Scheme
from simulator.village import OWN_PICTURES, village_cameras


def test_a_bigger_village_begins_with_the_smaller_one() -> None:
    assert village_cameras(300)[:6] == village_cameras(6)


def test_cameras_have_ids_fit_for_names_and_all_different() -> None:
    cameras = village_cameras(300)
    assert len({camera.id for camera in cameras}) == 300
    assert all(re.fullmatch(r"[a-z][a-z0-9-]{0,62}", camera.id) for camera in cameras)


def test_the_first_six_mix_profiles_and_credentials() -> None:
    cameras = [camera.camera for camera in village_cameras(6)]
    assert {camera.picture.profile for camera in cameras} == set(Profile)
    assert any(camera.credentials is None for camera in cameras)
    assert any(camera.credentials and camera.credentials.scheme is Scheme.DIGEST for camera in cameras)


def test_each_of_the_first_has_its_own_picture_and_the_rest_share_them() -> None:
    pictures = [camera.camera.picture for camera in village_cameras(300)]
    assert len(set(pictures[:OWN_PICTURES])) == OWN_PICTURES
    assert len({picture.title for picture in pictures[:OWN_PICTURES]}) == OWN_PICTURES
    assert set(pictures) == set(pictures[:OWN_PICTURES])


def test_regions_hang_together() -> None:
    codes = {region.code for region in REGIONS}
    assert all(region.parent in codes or region.level == "province" for region in REGIONS)
    found = lineage(frozenset({"421381901901"}))
    assert [region.code for region in found] == ["42", "4213", "421381", "421381901", "421381901901"]


def test_a_county_can_be_had_alone() -> None:
    cameras = village_cameras(70, county="350583")
    assert {camera.region.code[:6] for camera in cameras} == {"350583"}
    assert len({camera.id for camera in cameras}) == 70
    with pytest.raises(ValueError, match="999999"):
        village_cameras(1, county="999999")


def test_the_url_carries_credentials_escaped() -> None:
    camera = village_cameras(2)[1].camera
    assert camera.url("127.0.0.1", 8554) == f"rtsp://admin:village-001@127.0.0.1:8554/{camera.path}"


def test_parameters_keep_their_key_on_the_way_through_json() -> None:
    parameters = LoopParameters("名", "name", profile=Profile.H265_G711)
    assert LoopParameters.from_json(parameters.to_json()) == parameters
    assert LoopParameters.from_json(parameters.to_json()).key == parameters.key
    assert LoopParameters("名", "name", seed=1).key != LoopParameters("名", "name").key


def test_bad_parameters_are_named() -> None:
    with pytest.raises(ValueError, match="321x180"):
        LoopParameters("名", "name", width=321, height=180)
    with pytest.raises(ValueError, match="frame_rate"):
        LoopParameters("名", "name", frame_rate=0)
    with pytest.raises(ValueError, match="resolution_change"):
        Faults(resolution_change=7)
