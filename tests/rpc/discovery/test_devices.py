"""A network's ONVIF devices are found, each with what it offers, and none leads ingest astray."""

import ipaddress
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from services.ingest.discovery import probing
from services.ingest.discovery.probing import read_match
from services.ingest.discovery.search import Found, search
from services.ingest.sources.network import LookUp, SourceNetwork, system_look_up
from services.ingest.sources.source import Credentials
from simulator.onvif.device import OnvifFaults, Profile
from simulator.rtsp.authentication import Scheme
from snowlight.clock import SystemClock
from tests.rpc.discovery.devices import HASTY, PROFILES, SECRET, device, hosts, on_air

GIVEN = Credentials(SECRET.username, SECRET.password)


async def found_at(
    network: str,
    *,
    interface: str = "",
    credentials: Credentials | None = GIVEN,
    allowed: str = "127.0.0.0/8",
    look_up: LookUp = system_look_up,
) -> dict[str, Found]:
    """By the address that answered; "" for what could not be read. network: "" asks the group."""
    found = {}
    async for each in search(
        [ipaddress.IPv4Network(network, strict=False)] if network else [],
        multicast=not network,
        interface=interface,
        credentials=credentials,
        network=SourceNetwork((ipaddress.ip_network(allowed),), look_up),
        clock=SystemClock(),
        settings=HASTY,
    ):
        found["" if each.match is None else each.match.source] = each
    return found


async def test_twenty_devices_are_found_with_their_streams() -> None:
    places = hosts(20)
    async with on_air([device(host, ptz=number % 2 == 0) for number, host in enumerate(places)]):
        found = await found_at(f"{places[0]}/27")
    assert set(found) == set(places)
    for number, host in enumerate(places):
        each = found[host]
        assert each.match is not None and each.facts is not None, each.problem
        assert (each.match.scopes["name"], each.match.scopes["location"]) == ("村口 1", "石桥村")
        assert each.facts.main_url == f"rtsp://{host}:554/large"
        assert each.facts.sub_url == f"rtsp://{host}:554/small"
        assert each.facts.ptz is (number % 2 == 0)
        assert each.facts.information["Manufacturer"] == "Village"


async def test_devices_on_the_link_are_found_without_being_named() -> None:
    first, second = hosts(2)
    async with on_air([device(first), device(second)]):
        found = await found_at("", interface=first)
    assert all(found[host].facts is not None for host in (first, second))


async def test_h265_is_found_where_the_device_has_the_second_media_service() -> None:
    (host,) = hosts(1)
    profiles = (*PROFILES, Profile("newest", "H265", 2560, 1440, "newest"))
    async with on_air([device(host, profiles=profiles, media2=True, ptz=True)]):
        found = await found_at(host)
    facts = found[host].facts
    assert facts is not None
    assert (facts.main.encoding, facts.main_url, facts.ptz) == ("H265", f"rtsp://{host}:554/newest", True)


async def test_a_device_whose_clock_is_a_year_wrong_takes_our_password() -> None:
    behind, ahead = hosts(2)
    year = 365 * 86_400.0
    async with on_air([device(behind, clock_ahead=-year), device(ahead, clock_ahead=year)]):
        found = await found_at(f"{behind}/30")
    assert all(each.facts is not None for each in found.values()) and len(found) == 2


async def test_a_device_that_tells_the_end_of_time_takes_our_time_and_no_other_is_lost() -> None:
    last, good = hosts(2)
    faults = OnvifFaults(end_of_time=True, slow=1.1)  # till a second later no date of its clock is too late
    async with on_air([device(last, faults=faults), device(good, faults=OnvifFaults(slow=1.5))]):
        found = await found_at(f"{last}/30")
    assert {host for host, each in found.items() if each.facts is not None} == {last, good}


async def test_what_nobody_foresaw_is_that_devices_problem_and_logged_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    named, unread, good = hosts(3)

    async def look_up(host: str, port: int) -> list[str]:
        raise RuntimeError("nobody foresaw it")

    def read(data: bytes, source: str) -> object:
        if source == unread:
            raise RuntimeError("nor this")
        return read_match(data, source)

    monkeypatch.setattr(probing, "read_match", read)
    faults = OnvifFaults(xaddr="http://gate.example/onvif/device_service")
    async with on_air([device(named, faults=faults), device(unread), device(good)]):
        with capture_logs() as lines:
            found = await found_at(f"{named}/29", look_up=look_up)
    said = {host: str(each.problem) for host, each in found.items() if each.problem is not None}
    assert said == {
        named: "camera.session_failed: internal error",
        "": f"camera.session_failed: {unread}: internal error",
    }
    assert found[good].facts is not None
    told = [(line["event"], line["address"]) for line in lines if line.get("exc_info")]
    assert sorted(told) == [("discovery.answer_failed", unread), ("discovery.device_failed", named)]


async def test_a_device_that_asks_by_http_digest_is_read_by_who_knows_its_password() -> None:
    older, newer = hosts(2)
    asked = [
        device(host, http_digest=True, credentials=replace(SECRET, scheme=scheme))
        for host, scheme in ((older, Scheme.DIGEST), (newer, Scheme.DIGEST_QOP))
    ]
    async with on_air(asked):
        known = await found_at(f"{older}/30")
        unknown = await found_at(f"{older}/30", credentials=Credentials("admin", "guessed"))
    for host in (older, newer):
        facts, problem = known[host].facts, unknown[host].problem
        assert facts is not None and facts.main_url == f"rtsp://{host}:554/large", known[host].problem
        assert problem is not None and problem.code == "camera.auth_failed"


async def test_a_device_that_would_be_shown_the_password_itself_is_refused() -> None:
    (host,) = hosts(1)
    async with on_air([device(host, http_digest=True, credentials=replace(SECRET, scheme=Scheme.BASIC))]):
        problem = (await found_at(host))[host].problem
    assert problem is not None
    assert (problem.code, "basic" in problem.detail) == ("camera.auth_failed", True)


async def test_each_way_to_fail_is_told_beside_the_devices_that_do_not() -> None:
    faults = {
        "camera.auth_failed": OnvifFaults(refuses=True),
        "camera.timeout": OnvifFaults(slow=30.0),
        "camera.host_denied": OnvifFaults(xaddr="http://10.9.8.7/onvif/device_service"),
        "camera.protocol_error": OnvifFaults(garbage=True),
    }
    places = hosts(len(faults) + 1)
    devices = [device(host, faults=each) for host, each in zip(places[1:], faults.values(), strict=True)]
    async with on_air([device(places[0]), *devices]):
        found = await found_at(f"{places[0]}/29")
    assert found[places[0]].facts is not None
    told = {each.problem.code for each in found.values() if each.problem is not None}
    assert told == set(faults)
    denied = next(each.problem for each in found.values() if each.problem and "denied" in each.problem.code)
    assert "10.9.8.7" in denied.detail


async def test_xml_that_grows_never_ends_or_leads_elsewhere_is_refused() -> None:
    bomb, endless, astray, elsewhere, torn = hosts(5)
    async with (
        on_air([device(bomb)]) as (target,),
        on_air(
            [
                device(endless, faults=OnvifFaults(endless=True)),
                device(astray, faults=OnvifFaults(redirect_to=target.address)),
                device(elsewhere, faults=OnvifFaults(stream_host="10.9.8.7")),
                device(torn, faults=OnvifFaults(garbage_match=True)),
            ]
        ),
    ):
        found = await found_at(f"{bomb}/29")
        asked = len(target.asked)
    said = {host: each.problem.detail for host, each in found.items() if each.problem is not None}
    assert set(said) == {endless, astray, elsewhere, ""}
    assert "over 512 KiB" in said[endless]
    assert "redirects (307)" in said[astray]
    assert "10.9.8.7" in said[elsewhere]
    assert said[""].startswith(f"{torn}: ")
    assert asked == len(set(target.asked)) + 1  # its own search alone: GetStreamUri twice

    async with on_air([device(bomb, faults=OnvifFaults(entity_bomb=True))]):
        problem = (await found_at(bomb))[bomb].problem
    assert problem is not None and "a document type" in problem.detail


async def test_a_name_that_leads_elsewhere_at_the_second_look_is_not_followed() -> None:
    named, target = hosts(2)
    looks: list[str] = []

    async def look_up(host: str, port: int) -> list[str]:
        looks.append(host)
        return [target] if len(looks) == 1 else ["10.9.8.7"]

    async with on_air([device(target)]) as (services,):
        faults = OnvifFaults(xaddr=f"http://gate.example:{services.port}/onvif/device_service")
        async with on_air([device(named, faults=faults)]):
            problem = (await found_at(named, look_up=look_up))[named].problem
    assert problem is not None
    assert problem.code == "camera.host_denied"
    assert "gate.example" in problem.detail
    assert (len(looks), services.asked) == (2, [])


async def test_no_password_or_a_wrong_one_is_told_and_not_repeated() -> None:
    (host,) = hosts(1)
    async with on_air([device(host)]):
        for credentials in (None, Credentials("admin", "guessed")):
            problem = (await found_at(host, credentials=credentials))[host].problem
            assert problem is not None
            assert problem.code == "camera.auth_failed"
            assert "guessed" not in str(problem)


async def test_what_answers_from_outside_the_source_networks_is_not_heard() -> None:
    (host,) = hosts(1)
    async with on_air([device(host)]) as (services,):
        assert await found_at(host, allowed="10.0.0.0/8") == {}
    assert services.asked == []
