"""One rule table: whatever is accepted reads back as the same value, fast and slow alike."""

import json
import math
import struct
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pandera.polars  # noqa: F401  after it pyarrow takes no notice of offsets
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbt_phlo.contracts.arrow import data_type
from dbt_phlo.loads.conforming.arrow_values import python
from dbt_phlo.loads.conforming.columns import converted, fast, slow
from dbt_phlo.loads.conforming.conversions import EPOCH, REFUSED, RULES, documented, family
from dbt_phlo.loads.conforming.kinds import CALLED, FINER, Single
from dbt_phlo.loads.conforming.misfit import Misfit
from dbt_phlo.loads.conforming.nested import Target

UTC = timezone.utc
NOT_DOUBLE = "has more digits than a double holds, or is out of its range"
BERLIN = ZoneInfo("Europe/Berlin")
TYPES = [
    "boolean",
    "int",
    "long",
    "float",
    "double",
    "decimal(9, 2)",
    "decimal(38, 0)",
    "decimal(38, 20)",
    "date",
    "time",
    "timestamp",
    "timestamptz",
    "string",
    "uuid",
    "binary",
    "fixed[2]",
]


class Full:
    """Fields by their exact names."""

    def of(self, path: str, names: Any, struct: Any) -> dict[int, str]:
        places = {field["name"]: place for place, field in enumerate(struct["fields"])}
        return {places[name]: name for name in names if name in places}


def struct_of(*required: str, **types: Any) -> dict[str, Any]:
    fields = [{"name": n, "required": n in required, "type": t} for n, t in types.items()]
    return {"type": "struct", "fields": fields}


def target(of: Any, required: bool = False) -> Target:
    return Target("c", of, data_type(of), required)


def taken(value: Any, of: Any) -> Any:
    """The value as the column has it; raises the ``Misfit``."""
    found = converted([value], target(of), Full())
    if found.misfits:
        raise found.misfits[0]
    (one,) = python(found.array.combine_chunks())
    assert slow([value], target(of), Full()).array.equals(found.array.combine_chunks())
    return one


def refused(value: Any, of: Any) -> str:
    with pytest.raises(Misfit) as caught:
        taken(value, of)
    return f"{caught.value.path} {caught.value.text}".strip()


@pytest.mark.parametrize(
    "value, of, expected",
    [
        ("12", "long", 12),
        ("+12", "long", 12),
        ("-12", "int", -12),
        (1.0, "long", 1),
        (1e17, "long", 10**17),
        (Decimal("7.00"), "int", 7),
        (-(2**63), "long", -(2**63)),
        ("TRUE", "boolean", True),
        ("false", "boolean", False),
        (1.25, "decimal(9, 2)", Decimal("1.25")),
        (1.1, "decimal(9, 2)", Decimal("1.10")),
        (0.29, "decimal(9, 2)", Decimal("0.29")),
        (Single(1.100000023841858, "1.1"), "decimal(9, 2)", Decimal("1.10")),
        ("1.25", "decimal(9, 2)", Decimal("1.25")),
        ("1.2500", "decimal(9, 2)", Decimal("1.25")),
        (".5", "decimal(9, 2)", Decimal("0.50")),
        (3, "decimal(9, 2)", Decimal("3.00")),
        (Decimal("1E+2"), "decimal(9, 2)", Decimal("100.00")),
        (10**37, "decimal(38, 0)", Decimal(10**37)),
        (2**60, "double", float(2**60)),
        (0.1, "float", struct.unpack("<f", struct.pack("<f", 0.1))[0]),
        ("Infinity", "double", math.inf),
        ("1e3", "double", 1000.0),
        (Decimal("0.1"), "double", 0.1),
        ("0.10000000000000001", "double", 0.1),
        (1, "string", "1"),
        (True, "string", "true"),
        (1.5, "string", "1.5"),
        (1e16, "string", "1e+16"),
        (Decimal("1.10"), "string", "1.10"),
        (b"caf\xc3\xa9", "string", "café"),
        (date(2024, 1, 31), "string", "2024-01-31"),
        (UUID(int=1), "string", "00000000-0000-0000-0000-000000000001"),
        ({"a": [1, None], "b": "é"}, "string", '{"a":[1,null],"b":"é"}'),
        (
            [{"at": date(2024, 1, 1), "d": Decimal("1.0")}],
            "string",
            '[{"at":"2024-01-01","d":"1.0"}]',
        ),
        ("2024-01-31", "date", date(2024, 1, 31)),
        ("2024-01-31T00:00:00", "date", date(2024, 1, 31)),
        (datetime(2024, 1, 31), "date", date(2024, 1, 31)),
        ("23:59", "time", time(23, 59)),
        ("23:59:01.5", "time", time(23, 59, 1, 500000)),
        ("2024-01-31", "timestamp", datetime(2024, 1, 31)),
        ("2024-01-31 05:06:07.123456000", "timestamp", datetime(2024, 1, 31, 5, 6, 7, 123456)),
        (date(2024, 1, 31), "timestamp", datetime(2024, 1, 31)),
        ("2024-01-31T05:06:07Z", "timestamptz", datetime(2024, 1, 31, 5, 6, 7, tzinfo=UTC)),
        ("2024-01-31T05:06+02:00", "timestamptz", datetime(2024, 1, 31, 3, 6, tzinfo=UTC)),
        ("2024-01-31T05:06-0130", "timestamptz", datetime(2024, 1, 31, 6, 36, tzinfo=UTC)),
        (
            datetime(2024, 10, 27, 2, 30, tzinfo=BERLIN, fold=1),
            "timestamptz",
            datetime(2024, 10, 27, 1, 30, tzinfo=UTC),
        ),
        ("6F9619FF-8B86-D011-B42D-00CF4FC964FF", "uuid", UUID("6f9619ff8b86d011b42d00cf4fc964ff")),
        (bytearray(b"ab"), "fixed[2]", b"ab"),
    ],
)
def test_a_value_that_means_the_same_is_taken(value: Any, of: str, expected: Any) -> None:
    found = taken(value, of)
    assert (found, type(found)) == (expected, type(expected)) or type(found) is Single


@pytest.mark.parametrize(
    "value, of, told",
    [
        ("1_000", "long", "is not the text of a whole number"),
        ("1e3", "long", "is not the text of a whole number"),
        (" 12", "long", "is not the text of a whole number (it has spaces around it)"),
        ("12\n", "long", "is not the text of a whole number (it has spaces around it)"),
        ("012", "long", "begins with zeros, which a number would lose: declare it as text"),
        ("007.5", "double", "begins with zeros, which a number would lose: declare it as text"),
        ("٣", "long", "is not the text of a whole number"),
        ("", "long", "is not the text of a whole number"),
        (1.5, "long", "is not a whole number"),
        (2**63, "long", "is out of the range of long (64 bits)"),
        (float(2**63), "long", "is out of the range of long (64 bits)"),
        (2**31, "int", "is out of the range of int (32 bits)"),
        ("9" * 5000, "long", "is out of the range of long (64 bits)"),
        (math.nan, "long", "is not a number that long holds"),
        (True, "long", "is no number"),
        (True, "decimal(9, 2)", "is a boolean, and decimal takes none"),
        (1, "boolean", "is no boolean: write true or false"),
        ("yes", "boolean", "is neither 'true' nor 'false'"),
        (1.239, "decimal(9, 2)", "has more than 2 decimal places"),
        ("1.239", "decimal(9, 2)", "has more than 2 decimal places"),
        ("1e3", "decimal(9, 2)", "is not the text of a decimal number"),
        (12345678, "decimal(9, 2)", "has more than 7 digits before the point"),
        ("9" * 40, "decimal(38, 0)", "has more than 38 digits before the point"),
        (Decimal("9" * 40), "decimal(38, 0)", "has more than 38 digits before the point"),
        (Decimal("NaN"), "decimal(9, 2)", "is not a number that a decimal holds"),
        (math.inf, "decimal(9, 2)", "is not a number that a decimal holds"),
        (2**53 + 1, "double", "is an integer that double cannot hold exactly"),
        (10**300 + 1, "double", "is an integer that double cannot hold exactly"),
        ("1e400", "double", NOT_DOUBLE),
        ("1e-400", "double", NOT_DOUBLE),
        ("9007199254740993", "double", NOT_DOUBLE),
        ("1e9999999999999999999", "double", "is out of the range of double"),
        (0.123456789, "float", "has more digits than a float of 32 bits"),
        (math.nan, "string", "is no number, and only float and double hold such a value"),
        pytest.param(10**5000, "string", "has more than 4,000 digits", id="a huge integer"),
        (b"\xff", "string", "is not UTF-8 (its byte 1)"),
        ("a\ud800", "string", "is not Unicode: half a character at 2 (a surrogate)"),
        ({"a": [b"x"]}, "string", ".a[0] is bytes, which JSON cannot hold"),
        ({1: 2}, "string", "has a key that is no text, and JSON has only such"),
        ({"a": math.nan}, "string", ".a is no number, and only float and double hold such a value"),
        ("ab", "binary", "is text and does not say its encoding: give the source's value as bytes"),
        (b"abc", "fixed[2]", "has 3 bytes, not 2"),
        (1700000000, "timestamp", f"is an integer and {EPOCH}"),
        ("2024-02-30", "date", "is not a date of the calendar (years 1 to 9999)"),
        ("31.01.2024", "date", "is not the ISO 8601 text of a date"),
        (datetime(2024, 1, 1, 1), "date", "has a time of day, which a date would lose"),
        ("2024-01-01T24:00:00", "timestamp", "is not a time of day"),
        ("0000-01-01", "timestamp", "is not a timestamp of the calendar (years 1 to 9999)"),
        ("2024-01-01T00:00:00.0000001", "timestamp", FINER),
        (
            datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=2))),
            "timestamptz",
            "is not within the years 1 to 9999, in UTC",
        ),
        (time(1, tzinfo=UTC), "time", "has a time zone, which a time would lose"),
        ("10", "time", "is not the ISO 8601 text of a time (HH:MM:SS, no time zone)"),
        ("not-a-uuid", "uuid", "is not the text of a UUID, with its hyphens"),
        ("6f9619ff8b86d011b42d00cf4fc964ff", "uuid", "is not the text of a UUID, with its hyphens"),
        ('{"a": 1}', struct_of(a="long"), "is no object: read the JSON in the source"),
        (1, struct_of(a="long"), "is an integer, and struct takes none"),
        (timedelta(1), "time", "is of the type timedelta, which no column takes"),
    ],
)  # fmt: skip
def test_a_value_that_would_change_is_refused_with_the_reason(
    value: Any, of: Any, told: str
) -> None:
    assert refused(value, of) == told


@pytest.mark.parametrize("value", [datetime(2024, 1, 1), "2024-01-01T00:00:00", date(2024, 1, 1)])
def test_what_has_no_zone_is_no_instant(value: Any) -> None:
    assert "declare timestamp, or give the source's value its zone" in refused(value, "timestamptz")


@pytest.mark.parametrize("value", [datetime(2024, 1, 1, tzinfo=UTC), "2024-01-01T00:00:00Z"])
def test_an_instant_is_no_wall_clock(value: Any) -> None:
    assert "declare timestamptz" in refused(value, "timestamp")


NESTED = struct_of("zip", zip="int", tags={"type": "list", "element": "decimal(4, 1)"})


def test_nested_values_follow_the_same_rules_with_the_path_in_the_reason() -> None:
    assert taken({"zip": "12", "tags": [1, "2.5", None]}, NESTED) == {
        "zip": 12,
        "tags": [Decimal("1.0"), Decimal("2.5"), None],
    }
    assert refused({"zip": "x"}, NESTED) == ".zip is not the text of a whole number"
    assert refused({}, NESTED) == ".zip is not allowed: the column is not null"
    assert refused({"zip": 1, "tags": [1, 1.25]}, NESTED) == (
        ".tags[1] has more than 1 decimal place"
    )


def test_a_map_is_an_object_whose_keys_stay_different() -> None:
    counts = {"type": "map", "key": "long", "value": "long"}
    assert taken({"1": 2, "3": None}, counts) == {1: 2, 3: None}
    assert refused({"1": 1, "+1": 2}, counts) == "has two keys that become the same one"
    assert refused({"x": 1}, counts) == ".key is not the text of a whole number"
    assert refused({(1, 2): 1}, counts) == ".key is a list, and long takes none"


def test_a_nested_column_of_uuids_and_nulls_is_the_same_both_ways() -> None:
    of = struct_of(u="uuid", m={"type": "map", "key": "string", "value": "date"})
    values = [None, {"u": UUID(int=3), "m": {"a": "2024-01-01"}}, {"u": None, "m": None}, {}]
    at_once, by_value = fast(values, target(of), Full()), slow(values, target(of), Full())
    assert not by_value.misfits
    assert at_once.equals(by_value.array)
    assert python(at_once)[1] == {"u": UUID(int=3), "m": {"a": date(2024, 1, 1)}}


TEXTS = st.one_of(
    st.text(max_size=12),
    st.from_regex(r"[+-]?[0-9]{1,21}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?", fullmatch=True),
    st.from_regex(
        r"[0-9]{4}-[01][0-9]-[0-3][0-9]([T ][0-2][0-9](:[0-6][0-9](:[0-6][0-9](\.[0-9]{1,9})?)?)?"
        r"(Z|[+-][0-2][0-9](:?[0-6][0-9])?)?)?",
        fullmatch=True,
    ),
    st.from_regex(r"[0-2][0-9](:[0-6][0-9]){0,2}(\.[0-9]{1,8})?", fullmatch=True),
    st.sampled_from(
        ["true", "FALSE", "NaN", "Infinity", "-Infinity", "nan", "0", "-0", "İ", "0x1"]
    ),
    st.uuids().map(str),
    st.datetimes().map(datetime.isoformat),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.floats().map(repr),
)
FLOATS = st.one_of(
    st.floats(),
    st.floats(width=32),
    st.integers(-(10**17), 10**17).map(float),
    st.decimals(-(10**9), 10**9, places=2).map(float),
)
BY_KIND: dict[str, Any] = {
    "boolean": st.booleans(),
    "integer": st.one_of(st.integers(), st.integers(-300, 300), st.integers(2**52, 2**54)),
    "float": FLOATS,
    "decimal": st.one_of(
        st.decimals(),
        st.decimals(-(10**7), 10**7, places=2),
        st.decimals(-(10**38), 10**38, places=20),
    ),
    "text": TEXTS,
    "bytes": st.one_of(st.binary(max_size=4), st.text(max_size=3).map(str.encode)),
    "date": st.dates(),
    "time": st.times(timezones=st.sampled_from([None, None, UTC])),
    "timestamp": st.one_of(st.datetimes(), st.dates().map(lambda d: datetime(*d.timetuple()[:3]))),
    "timestamptz": st.datetimes(timezones=st.sampled_from([UTC, BERLIN, ZoneInfo("Asia/Kolkata")])),
    "uuid": st.uuids(),
}
PAIRS = [(kind, of) for kind in BY_KIND for of in TYPES if (kind, family(of)) in RULES]


@pytest.mark.parametrize("kind, of", PAIRS)
def test_fast_and_slow_agree(kind: str, of: str) -> None:
    @settings(max_examples=30, deadline=None)
    @given(st.lists(st.none() | BY_KIND[kind], min_size=1, max_size=4))
    def agree(values: list[Any]) -> None:
        by_value = slow(values, target(of), Full())
        try:
            at_once = fast(values, target(of), Full())
        except Exception:
            found = converted(values, target(of), Full())
            assert repr(found.array.to_pylist()) == repr(by_value.array.to_pylist())
            return
        assert by_value.misfits == {}
        assert repr(at_once.to_pylist()) == repr(by_value.array.to_pylist())
        assert at_once.type == data_type(of)

    agree()


@pytest.mark.parametrize("kind, of", PAIRS)
def test_what_is_accepted_reads_back_as_the_same_value(kind: str, of: str) -> None:
    @settings(max_examples=30, deadline=None)
    @given(BY_KIND[kind])
    def same(value: Any) -> None:
        found = converted([value], target(of), Full())
        if not found.misfits:
            (back,) = found.array.to_pylist()
            assert is_same(value, back), (value, back)

    same()


def is_same(value: Any, back: Any) -> bool:  # noqa: PLR0911
    """Whether the stored value says what the source's value said, by another way of comparing."""
    if isinstance(value, bytes):
        return value == (back.encode() if isinstance(back, str) else back)
    if isinstance(back, str):
        return same_text(value, back)
    if isinstance(back, bool):
        return value is back or str(value).lower() == str(back).lower()
    if isinstance(back, float):
        return same_float(value, back)
    if isinstance(back, int | Decimal):
        number = Decimal(repr(value) if isinstance(value, float) else value)
        return number == back
    if isinstance(back, UUID):
        return str(value).lower() == str(back)
    return same_moment(value, back)


def same_text(value: Any, back: str) -> bool:
    if isinstance(value, float):
        return float(back) == value
    if isinstance(value, Decimal):
        return Decimal(back) == value
    if isinstance(value, datetime) and value.tzinfo:
        return datetime.fromisoformat(back).timestamp() == value.timestamp()
    if isinstance(value, datetime | date | time):
        return type(value).fromisoformat(back) == value
    return back == (str(value).lower() if isinstance(value, bool) else str(value))


def same_float(value: Any, back: float) -> bool:
    if math.isnan(back) or math.isinf(back):
        number = float(value)
        return number == back or (math.isnan(number) and math.isnan(back))
    exact = Decimal(repr(value) if isinstance(value, float) else value)
    texts = {repr(back), f"{back:.17g}", *(f"{back:.{digits}g}" for digits in range(1, 10))}
    if exact == Decimal(back):
        return True
    single = struct.unpack("<f", struct.pack("<f", back))[0] if abs(back) < 3.4e38 else None
    return exact in {Decimal(text) for text in texts if float(text) == back or single == back}


def same_moment(value: Any, back: Any) -> bool:
    if isinstance(value, str):
        digits = "".join(c for c in value if c.isdigit())
        zoned = isinstance(back, datetime) and back.tzinfo is not None
        shown = back.isoformat()
        if zoned:
            return abs(int(shown[:4]) - int(value[:4])) <= 1
        plain = "".join(c for c in shown if c.isdigit())
        return plain.rstrip("0").startswith(digits.rstrip("0")[:4]) and (
            digits.rstrip("0") == plain.rstrip("0")
        )
    if isinstance(value, datetime) and not isinstance(back, datetime):
        return value == datetime(back.year, back.month, back.day)
    if isinstance(back, datetime) and not isinstance(value, datetime):
        return back == datetime(value.year, value.month, value.day)
    if isinstance(value, datetime) and value.tzinfo:
        return bool(value.timestamp() == back.timestamp())
    return bool(value == back)


def arrow_arrays() -> list[tuple[pa.Array, str, Any]]:
    moment = datetime(2024, 1, 31, 5, 6, 7)
    return [
        (pa.array([1.25, None]), "decimal(9, 2)", [Decimal("1.25"), None]),
        (pa.array([1.1], pa.float32()), "decimal(9, 2)", [Decimal("1.10")]),
        (pa.array([1.1], pa.float32()), "string", ["1.1"]),
        (pa.array([1.5], pa.float16()), "double", [1.5]),
        (pa.array([moment], pa.timestamp("ns")), "timestamp", [moment]),
        (pa.array([moment], pa.timestamp("s", "Europe/Berlin")), "timestamptz",
         [moment.replace(tzinfo=UTC)]),
        (pa.array(["a", None], pa.large_string()), "string", ["a", None]),
        (pa.array(["12"], pa.string_view()), "int", [12]),
        (pa.array(["a", "b", "a"]).dictionary_encode(), "string", ["a", "b", "a"]),
        (pa.array([2**64 - 1], pa.uint64()), "decimal(20, 0)", [Decimal(2**64 - 1)]),
        (pa.array([Decimal("1.20")], pa.decimal256(60, 2)), "decimal(9, 1)", [Decimal("1.2")]),
        (pa.array([b"ab"], pa.large_binary()), "fixed[2]", [b"ab"]),
        (pa.array([None, None]), "date", [None, None]),
        (pa.array([date(2024, 1, 1)], pa.date64()), "date", [date(2024, 1, 1)]),
        (pa.array([time(1)], pa.time32("s")), "time", [time(1)]),
        (pa.array([{"zip": "1", "tags": [1.5]}, None]), NESTED,
         [{"zip": 1, "tags": [Decimal("1.5")]}, None]),
        (pa.array([[1], None, [2, 3]], pa.large_list(pa.int16())),
         {"type": "list", "element": "string"}, [["1"], None, ["2", "3"]]),
        (pa.array([{"a": 1}]), "string", ['{"a":1}']),
        (pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int32())),
         {"type": "map", "key": "string", "value": "long"}, [[("a", 1)]]),
    ]  # fmt: skip


@pytest.mark.parametrize("array, of, expected", arrow_arrays())
def test_arrow_values_follow_the_same_rules(array: pa.Array, of: Any, expected: Any) -> None:
    filler = pa.concat_arrays([array.slice(0, 1), array]).slice(1)  # an offset that is not zero
    for one in (array, filler):
        found = converted(pa.chunked_array([one]), target(of), Full())
        assert found.misfits == {}
        assert found.array.type == data_type(of)
        found.array.validate(full=True)
        assert found.array.to_pylist() == expected


@pytest.mark.parametrize(
    "array, of, told",
    [
        (pa.array([1], pa.timestamp("ns")), "timestamp", FINER),
        (pa.array([1], pa.time64("ns")), "time", FINER),
        (pa.array([1], pa.timestamp("us")), "date", "has a time of day, which a date would lose"),
        (pa.array([2**60], pa.timestamp("us")), "timestamp", "is not within the years 1 to 9999"),
        (pa.array([2**60], pa.timestamp("s")), "timestamp", "is not within the years 1 to 9999"),
        (pa.array([2**30], pa.date32()), "date", "is not within the years 1 to 9999"),
        (pa.array([2**64 - 1], pa.uint64()), "long", "is out of the range of long (64 bits)"),
        (pa.array([1.239]), "decimal(9, 2)", "has more than 2 decimal places"),
        (pa.array([1], pa.duration("s")), "long", "is of the type timedelta, which no column takes"),  # noqa: E501
    ],
)  # fmt: skip
def test_arrow_values_that_would_change_are_refused(array: pa.Array, of: Any, told: str) -> None:
    found = converted(pa.chunked_array([array]), target(of), Full())
    assert found.misfits[0].text == told


def test_one_bad_value_of_a_large_arrow_column_is_found_where_it_is() -> None:
    numbers = pa.array([*["1"] * 25_000, "x", *["2"] * 25_000])
    found = converted(pa.chunked_array([numbers]), target("long"), Full())
    assert list(found.misfits) == [25_000]
    assert found.array.null_count == 1 and len(found.array) == 50_001


@pytest.mark.parametrize(
    "values, of",
    [
        ([1, True], "long"),
        ([datetime(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC)], "timestamp"),
        ([datetime(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC)], "timestamptz"),
        (["a", b"b"], "binary"),
        ([date(2024, 1, 1), datetime(2024, 1, 1, 5)], "date"),
        ([{"a": 1}, {"a": True}], {"type": "map", "key": "string", "value": "long"}),
    ],
)
def test_kinds_that_arrow_mixes_without_a_word_are_told_apart(values: Any, of: Any) -> None:
    assert len(converted(values, target(of), Full()).misfits) == 1


@pytest.mark.parametrize(
    "array, of",
    [
        ([Decimal("5.30662410497611333305E-19")], "decimal(38, 0)"),
        ([Decimal("196518749053361659873229622496.174272046"), Decimal("1.5")], "decimal(38, 8)"),
        (pa.array(["27300000000000000000000000000000000000"]), "decimal(38, 38)"),
        (pa.array([Decimal("6.9889967648661")], pa.decimal128(14, 13)), "decimal(38, 38)"),
    ],
)
def test_decimals_that_arrow_makes_others_of_are_refused(array: Any, of: str) -> None:
    values = array if isinstance(array, list) else pa.chunked_array([array])
    assert list(converted(values, target(of), Full()).misfits) == [0]


def test_zeros_at_the_end_of_a_decimal_do_not_count() -> None:
    assert taken(Decimal("1.5" + "0" * 60), "decimal(9, 2)") == Decimal("1.50")
    assert taken("0." + "0" * 60, "decimal(9, 2)") == Decimal("0.00")


def test_the_documented_rows_are_the_table() -> None:
    rows = documented()
    named = {(row.source, one) for row in rows for one in row.target.split(", ")}
    assert named == {*RULES, *REFUSED}
    assert not RULES.keys() & REFUSED.keys()
    assert {row.source for row in rows} <= CALLED.keys()
    assert all(row.what for row in rows)


def test_json_text_reads_back_as_the_object() -> None:
    value = {"a": [1, 2.5, None, True, "é\n"], "b": {"c": []}}
    assert json.loads(taken(value, "string")) == value
