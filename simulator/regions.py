"""Where the village's cameras stand: real counties (GB/T 2260), below them made-up towns and villages.

The codes of towns (9 digits) and villages (12 digits) follow the form of the national statistics' division
codes, but neither they nor the names are those of a real town or village.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Region:
    """code: 2, 4, 6, 9 or 12 digits, each the prefix of those below it. level: as the region's own tier."""

    code: str
    name: str
    latin_name: str
    level: str

    @property
    def parent(self) -> str:
        """Code of the region it lies in, "" for a province."""
        shorter = {4: 2, 6: 4, 9: 6, 12: 9}
        return self.code[: shorter[len(self.code)]] if len(self.code) in shorter else ""


_LEVELS = {2: "province", 4: "prefecture", 6: "county", 9: "town", 12: "village"}

REGIONS = tuple(
    Region(code, name, latin, _LEVELS[len(code)])
    for code, name, latin in (
        ("42", "湖北省", "Hubei"),
        ("4213", "随州市", "Suizhou"),
        ("421381", "广水市", "Guangshui"),
        ("421381901", "青溪镇", "Qingxi"),
        ("421381901901", "柳林村", "Liulin"),
        ("421381901902", "石桥村", "Shiqiao"),
        ("421381902", "云台镇", "Yuntai"),
        ("421381902901", "梅湾村", "Meiwan"),
        ("35", "福建省", "Fujian"),
        ("3505", "泉州市", "Quanzhou"),
        ("350583", "南安市", "Nan'an"),
        ("350583901", "榕水镇", "Rongshui"),
        ("350583901901", "茶园村", "Chayuan"),
        ("350583901902", "古井村", "Gujing"),
        ("37", "山东省", "Shandong"),
        ("3713", "临沂市", "Linyi"),
        ("371326", "平邑县", "Pingyi"),
        ("371326901", "杏山镇", "Xingshan"),
        ("371326901901", "桃源村", "Taoyuan"),
        ("371326901902", "麦岭村", "Mailing"),
        ("51", "四川省", "Sichuan"),
        ("5132", "阿坝藏族羌族自治州", "Ngawa"),
        ("513223", "茂县", "Mao"),
        ("513223901", "云杉镇", "Yunshan"),
        ("513223901901", "石寨村", "Shizhai"),
    )
)


_COUNTIES = {
    "421381": (31.617, 113.826),
    "350583": (24.960, 118.386),
    "371326": (35.506, 117.640),
    "513223": (31.682, 103.853),
}
"""Where the counties' seats are: latitude and longitude, degrees."""
_APART_DEGREES = 0.03


def centre(village: Region) -> tuple[float, float]:
    """Latitude and longitude of a village, degrees: villages stand in a row east of their county's seat."""
    county = village.code[:6]
    latitude, longitude = _COUNTIES[county]
    number = villages(county).index(village) + 1
    return latitude + _APART_DEGREES * (number % 2), longitude + _APART_DEGREES * number


def villages(county: str = "") -> tuple[Region, ...]:
    """The villages, of one county where its code is given. ValueError for a county that has none."""
    found = tuple(
        region for region in REGIONS if region.level == "village" and region.code.startswith(county)
    )
    if not found:
        raise ValueError(f"no village of the simulator lies in {county}")
    return found


def lineage(codes: frozenset[str]) -> tuple[Region, ...]:
    """The regions with these codes and all that they lie in, parents first."""
    return tuple(region for region in REGIONS if any(code.startswith(region.code) for code in codes))
