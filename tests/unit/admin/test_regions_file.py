"""Region files as offices send them."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from services.admin.regions_file import read_regions
from snowlight.api.auth.v1 import auth_pb2
from snowlight.errors import InvalidArgumentError

SHANGHAI = ZoneInfo("Asia/Shanghai")
HEAD = "code,parent,level,display_name,valid_from,valid_to,households,population\n"


def names(file: Path) -> list[str]:
    return [row.region.name.removeprefix("regions/") for row in read_regions(file, SHANGHAI)]


def test_a_row_holds_all_of_a_region(tmp_path: Path) -> None:
    file = tmp_path / "regions.csv"
    file.write_text(
        HEAD + "371326101201,371326102,village,东村,2020-09-30,2030-01-01T08:00:00+00:00,412,1380\n"
    )
    ((line, region),) = read_regions(file, SHANGHAI)
    assert line == 2
    assert region == auth_pb2.Region(
        name="regions/371326101201",
        parent="regions/371326102",
        level=auth_pb2.VILLAGE,
        display_name="东村",
        valid_from=Timestamp(seconds=1601395200),  # 2020-09-29T16:00:00Z, midnight in Shanghai
        valid_to=Timestamp(seconds=1893484800),
        households=412,
        population=1380,
    )


def test_parents_come_before_what_lies_in_them_named_or_by_prefix(tmp_path: Path) -> None:
    file = tmp_path / "regions.csv"
    file.write_text(
        "level,code,display_name,parent\n"
        "household,371326101201-g1h2,h,regions/371326101201-g1\n"
        "grid,371326101201-g1,g,\n"
        "village,371326101201,v,\n"
        "village,371326101202,v,371326102\n"
        "county,371326,c,\n"
        "town,371326101,t,\n"
        "town,371326102,t,371326\n"
    )
    order = names(file)
    for child, parent in (
        ("371326101201-g1h2", "371326101201-g1"),
        ("371326101201-g1", "371326101201"),
        ("371326101201", "371326101"),
        ("371326101202", "371326102"),
        ("371326101", "371326"),
        ("371326102", "371326"),
    ):
        assert order.index(parent) < order.index(child)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_spreadsheets_encoding_is_read_as_it_is(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "regions.csv"
    file.write_text("code,level,display_name\n421381,county,广水市\n", encoding=encoding)
    assert [row.region.display_name for row in read_regions(file, SHANGHAI)] == ["广水市"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("code,level\n37,province\n", "lacks columns ['display_name']"),
        ("code,level,display_name,colour\n", "unknown columns ['colour']"),
        ("", "lacks columns"),
        (HEAD + "37,,city,x,,,,\n", "line 2: level must be one of province"),
        (HEAD + "37,,,x,,,,\n", "line 2: level"),
        (HEAD + "37,,province,x,,,,\n3713,,prefecture,x,30/9/2020,,,\n", "line 3: valid_from must be a date"),
        (HEAD + "37,,province,x,,,many,\n", "line 2: households must be a number"),
        (HEAD + "37,,province,x,,,,-1\n", "line 2: population must be a number"),
        (HEAD + "37,,province\n", "line 2: file has not as many fields"),
        (HEAD + "37,,province,x,,,,,,\n", "line 2: file has not as many fields"),
        (HEAD + '37,,province,"x\n', "file is not CSV"),
        (HEAD + "37,,province,x,,,,\n37,,province,y,,,,\n", "line 3: code regions/37 is on line 2 too"),
        (HEAD + "37,3713,province,x,,,,\n3713,37,prefecture,x,,,,\n", "lie in each other"),
        (HEAD + "37,37,province,x,,,,\n", "regions/37 lie in each other"),
    ],
)
def test_a_bad_file_is_told_by_line_and_field(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "regions.csv"
    file.write_text(content)
    with pytest.raises(InvalidArgumentError) as raised:
        read_regions(file, SHANGHAI)
    assert said in str(raised.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgumentError, match="cannot be read"):
        read_regions(tmp_path / "none.csv", SHANGHAI)
