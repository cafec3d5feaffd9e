"""Which retention holds for a camera."""

from services.storage.retention.policy import Kept, Policy, resolve

COUNTY, TOWN, VILLAGE = "421381", "421381102", "421381102201"


def kept(policies: dict[str, Policy], *, days: int = 0, ownership: int = 4, region: str = VILLAGE) -> Kept:
    return resolve(policies, retention_days=days, camera_class=2, region=region, ownership=ownership)


def test_without_any_policy_footage_is_kept_30_days() -> None:
    assert kept({}) == Kept(30, 30)


def test_the_most_specific_holds() -> None:
    policies = {"default": Policy(30)}
    assert kept(policies).days == 30
    policies["region-42"] = Policy(40)
    policies[f"region-{COUNTY}"] = Policy(50)
    assert kept(policies).days == 50
    policies[f"region-{TOWN}"] = Policy(60)
    assert kept(policies).days == 60
    assert kept(policies, region=COUNTY).days == 50
    assert kept(policies, region="3713").days == 30
    policies["class-2"] = Policy(7)
    assert kept(policies).days == 7
    assert kept(policies, days=90).days == 90


def test_a_full_store_drops_down_to_the_policys_minimum() -> None:
    policies = {"class-2": Policy(60, 20)}
    assert kept(policies) == Kept(60, 20)
    assert kept(policies, days=10) == Kept(10, 10), "a minimum is no reason to keep longer"
    assert kept({"class-2": Policy(60)}) == Kept(60, 60)


def test_public_footage_has_30_days_whatever_the_minimum() -> None:
    policies = {"class-2": Policy(60, 20)}
    assert kept(policies, ownership=1) == Kept(60, 30)
    assert kept(policies, ownership=1, days=10) == Kept(10, 10), "its own retention is over before that"
