"""The reference file loads whole, keeps its claims attributed, and shows no place that the public terms do not give."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from keepclear.errors import LimitReached, Malformed
from keepclear.formats.reference import (
    MAX_REFERENCE_BYTES,
    Incident,
    Reference,
    clock_gaps,
    lead_times,
    read_reference,
    reference_view,
)

FILE = Path(__file__).parents[3] / "examples" / "syria_2019" / "reference.json"
DATA = FILE.read_bytes()

VERDICTS = re.compile(
    r"guilty|\blied\b|\bliar|\blies\b|false claim|truth is|in truth|in fact\b|proves that|clearly|obviously"
    r"|falsely|wrongly claims|at fault|to blame|culprit|war crime|propaganda",
    re.IGNORECASE,
)


@pytest.fixture(name="reference")
def _reference() -> Reference:
    return read_reference(DATA)


@pytest.fixture(name="tree")
def _tree() -> Any:
    """The file as plain JSON, to be changed by a test."""
    return json.loads(DATA)


def _leaves(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Every value that is no container, with its path."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{at}.{key}".lstrip("."))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{at}[{index}]")
    else:
        yield at, value


def _refusal(tree: Any) -> Malformed:
    with pytest.raises(Malformed) as caught:
        read_reference(json.dumps(tree).encode())
    return caught.value


def _incident(reference: Reference, name: str) -> Incident:
    return next(incident for incident in reference.incidents if incident.id == name)


def _row(tree: Any, *, by: str, says: str) -> Any:
    return next(row for row in tree["incidents"][0]["timeline"] if (row["by"], row["says"]) == (by, says))


# What the file holds


def test_the_file_holds_every_section(reference: Reference) -> None:
    agreements = {agreement.id for agreement in reference.agreements}
    incidents = {incident.id for incident in reference.incidents}

    assert {"adana1998", "ankara2010", "isr_rus2015", "usa_rus2015", "deesc2017", "sochi2018"} <= agreements
    assert {"il20", "dez2016", "su24", "feb3_2020", "feb28_2020"} <= incidents
    assert len(reference.posts.items) == reference.posts.count_announced == 12
    assert {meeting.date for meeting in reference.meetings} >= {"2018-11-11", "2019-01-04", "2019-02-14", "2019-02-27"}
    assert {statement.date for statement in reference.joint_statements} == {"2019-02-14", "2019-12-11"}


def test_every_source_is_named_by_something_and_every_name_has_a_source(tree: Any) -> None:
    used = {value for at, value in _leaves(tree) if re.search(r"\.sources\[\d+\]$", at)}

    assert used == set(tree["sources"])


def test_the_file_differs_from_the_news_text_in_four_places_and_one_was_true_when_written(reference: Reference) -> None:
    overtaken = [difference.id for difference in reference.differences if difference.true_when_written]

    assert {difference.id for difference in reference.differences} == {
        "d_meeting",
        "d_ankara",
        "d_posts",
        "d_withdrawal",
    }
    assert overtaken == ["d_meeting"]


def test_each_difference_names_the_news_text_and_a_source_besides(reference: Reference) -> None:
    for difference in reference.differences:
        assert "newstext" in difference.sources
        assert len(difference.sources) >= 2


def test_only_the_ring_around_al_tanf_has_a_geometry(reference: Reference) -> None:
    shown = {zone.id: zone.geometry for zone in reference.zones if zone.geometry}

    assert list(shown) == ["z_tanf"]
    assert shown["z_tanf"].radius_m == 55_000
    assert shown["z_tanf"].center.kind == "article coordinate"
    assert shown["z_tanf"].center_mark is False


def test_no_coordinate_stands_anywhere_but_in_the_middle_of_a_ring(reference: Reference) -> None:
    names = re.compile(
        r"^(lat|lon|lng|latitude|longitude|easting|northing)(_|$)|coord|position|centroid|location|mgrs", re.IGNORECASE
    )
    spelled = re.compile(r"\d\.\d{3}|\d\s*°")
    leaves = [(at, value) for at, value in _leaves(reference_view(reference)) if not at.endswith(".address")]

    named = [at for at, _ in leaves if names.search(at.rpartition(".")[2])]
    numbers = [at for at, value in leaves if isinstance(value, float)]
    words = [at for at, value in leaves if isinstance(value, str) and spelled.search(value)]

    assert [re.sub(r"\[\d+\]", "", at) for at in numbers] == [
        "zones.geometry.center.lat_deg",
        "zones.geometry.center.lon_deg",
    ]
    assert (named, words) == (numbers, [])


def test_no_word_of_the_file_gives_a_verdict() -> None:
    text = re.sub(r'"(title|address)": "[^"]*"', "", DATA.decode())

    assert VERDICTS.findall(text) == []
    assert re.findall(r"guilty|\blied\b|false claim|truth is", DATA.decode(), re.IGNORECASE) == []


def test_the_verdict_search_finds_a_verdict() -> None:
    assert VERDICTS.search("Amber lied") and VERDICTS.search("The truth is otherwise")


def test_the_file_names_no_node_and_no_path_of_a_machine() -> None:
    keys = set(re.findall(r'"([a-z_0-9]+)":', DATA.decode()))

    assert keys.isdisjoint({"node", "url", "endpoint", "port", "key_id", "frequency", "target", "sensor", "weapon"})
    assert re.findall(r"(?<![\w:/.])/(?:home|tmp|work|farm|var|usr)\b", DATA.decode()) == []


def test_both_sides_of_the_il20_stand_side_by_side(reference: Reference) -> None:
    il20 = _incident(reference, "il20")

    sides = {topic.topic: {claim.by for claim in topic.claims} for topic in il20.topics}

    for topic in ("lead time", "place named in the notice", "where the jets were", "responsibility"):
        assert {"rus", "isr"} <= sides[topic]


# Lead times and clocks


def test_the_russian_account_gives_a_lead_of_sixty_seconds(reference: Reference) -> None:
    lead = next(lead for lead in lead_times(_incident(reference, "il20")) if lead.by == "rus")

    assert (lead.notice_at, lead.hazard_at) == ("2018-09-17T18:39Z", "2018-09-17T18:40Z")
    assert (lead.basis, lead.lead_s, lead.longer_than_s) == ("clock_times", 60, None)


def test_times_printed_to_the_minute_leave_the_lead_a_minute_either_way(reference: Reference) -> None:
    lead = next(lead for lead in lead_times(_incident(reference, "il20")) if lead.by == "rus")

    assert lead.bracket_s == (0, 120)


def test_the_israeli_account_gives_a_bound_in_words_and_no_clock_time(reference: Reference) -> None:
    lead = next(lead for lead in lead_times(_incident(reference, "il20")) if lead.by == "isr")

    assert (lead.basis, lead.longer_than_s) == ("words", 60)
    assert (lead.lead_s, lead.bracket_s, lead.notice_at, lead.hazard_at) == (None, None, None, None)
    assert lead.sources == ("memo", "jpostrus")


def test_a_notice_without_a_hazard_of_its_own_account_has_no_known_lead(tree: Any) -> None:
    notice = _row(tree, by="isr", says="notice_time")
    notice |= {
        "at": "2018-09-17T18:20Z",
        "published": [{"clock": "18:20", "zone": "GMT", "utc_offset_min": 0}],
        "lead_longer_than_s": None,
    }

    reference = read_reference(json.dumps(tree).encode())
    lead = next(lead for lead in lead_times(reference.incidents[0]) if lead.by == "isr")

    assert lead.notice_at == "2018-09-17T18:20Z"
    assert (lead.basis, lead.lead_s, lead.longer_than_s) == ("not_known", None, None)


def test_a_notice_after_the_hazard_has_a_lead_below_zero(tree: Any) -> None:
    notice = _row(tree, by="rus", says="notice_time")
    notice |= {
        "at": "2018-09-17T18:45Z",
        "published": [{"clock": "21:45", "zone": "Syria local time", "utc_offset_min": 180}],
    }

    reference = read_reference(json.dumps(tree).encode())
    lead = next(lead for lead in lead_times(reference.incidents[0]) if lead.by == "rus")

    assert lead.lead_s == -300


def test_an_incident_without_a_notice_has_no_leads(reference: Reference) -> None:
    assert lead_times(_incident(reference, "su24")) == []


def test_the_first_statement_and_the_briefing_lie_53_to_57_minutes_apart_in_zulu(reference: Reference) -> None:
    (gap,) = clock_gaps(_incident(reference, "il20"))

    assert [printed.clock for printed in gap.earlier.published] == ["22:03", "22:07"]
    assert (gap.earlier.first_at, gap.earlier.last_at) == ("2018-09-17T19:03Z", "2018-09-17T19:07Z")
    assert [(printed.clock, printed.zone) for printed in gap.later.published] == [
        ("23:00", "Moscow time"),
        ("20:00", "GMT"),
    ]
    assert gap.later.first_at == gap.later.last_at == "2018-09-17T20:00Z"
    assert (gap.least_s, gap.most_s) == (53 * 60, 57 * 60)


def test_two_publications_that_agree_make_no_gap(tree: Any) -> None:
    for row in tree["incidents"][0]["timeline"]:
        if row["at"] == "2018-09-17T20:00Z":
            row |= {
                "at": "2018-09-17T19:05Z",
                "published": [{"clock": "19:05", "zone": "GMT", "utc_offset_min": 0}],
            }

    reference = read_reference(json.dumps(tree).encode())

    assert clock_gaps(reference.incidents[0]) == []


# What is refused


def test_an_unknown_field_is_refused_with_its_path(tree: Any) -> None:
    tree["parties"][0]["node_url"] = "https://amber.example"

    assert _refusal(tree).at == "parties[0].node_url"


@pytest.mark.parametrize("field", ["lat_deg", "coordinates", "nearest_settlement_centroid"])
def test_a_post_has_no_field_for_a_place(tree: Any, field: str) -> None:
    tree["posts"]["items"][3][field] = 1.0

    assert _refusal(tree).at == f"posts.items[3].{field}"


@pytest.mark.parametrize("words", ["at 12.345, 67.890", "12° 30' north", "grid 37S CA 12345"])
def test_a_position_in_the_words_of_a_post_is_refused(tree: Any, words: str) -> None:
    tree["posts"]["items"][2]["near"] = words

    assert _refusal(tree).at == "posts.items[2]"


def test_a_missing_field_is_refused_with_its_path(tree: Any) -> None:
    del tree["incidents"][0]["topics"][1]["claims"][0]["by"]

    assert _refusal(tree).at == "incidents[0].topics[1].claims[0].by"


def test_a_claim_of_nobody_in_the_file_is_refused(tree: Any) -> None:
    tree["incidents"][0]["topics"][0]["claims"][1]["by"] = "amber"

    assert _refusal(tree).at == "incidents[0].topics[0].claims[1].by"


def test_a_claim_without_a_source_is_refused(tree: Any) -> None:
    tree["incidents"][1]["topics"][0]["claims"][0]["sources"] = []

    assert _refusal(tree).at == "incidents[1].topics[0].claims[0].sources"


def test_a_source_that_the_file_does_not_hold_is_refused(tree: Any) -> None:
    tree["agreements"][0]["terms"][0]["sources"] = ["rumour"]

    assert _refusal(tree).at == "agreements[0].terms[0].sources"


def test_a_geometry_without_a_source_is_refused(tree: Any) -> None:
    index = next(index for index, zone in enumerate(tree["zones"]) if zone["geometry"])
    tree["zones"][index]["geometry"]["sources"] = []

    assert _refusal(tree).at == f"zones[{index}].geometry.sources"


def test_a_ring_with_a_mark_in_its_middle_is_refused(tree: Any) -> None:
    index = next(index for index, zone in enumerate(tree["zones"]) if zone["geometry"])
    tree["zones"][index]["geometry"]["center_mark"] = True

    assert _refusal(tree).at == f"zones[{index}].geometry.center_mark"


def test_a_disputed_term_without_a_claim_is_refused(tree: Any) -> None:
    term = next(index for index, term in enumerate(tree["agreements"][0]["terms"]) if term["status"] == "disputed")
    tree["agreements"][0]["terms"][term]["claims"] = []

    assert _refusal(tree).at == f"agreements[0].terms[{term}].claims"


def test_an_agreement_that_the_file_does_not_hold_is_refused(tree: Any) -> None:
    tree["zones"][0]["agreement"] = "no_such_paper"

    assert _refusal(tree).at == "zones[0].agreement"


def test_an_id_that_stands_twice_is_refused(tree: Any) -> None:
    tree["others"][0]["id"] = tree["parties"][0]["id"]

    assert _refusal(tree).at == "parties"


def test_a_printed_time_that_is_not_its_zulu_time_is_refused(tree: Any) -> None:
    tree["incidents"][0]["timeline"][1]["published"][0]["clock"] = "20:39"

    refusal = _refusal(tree)

    assert refusal.at == "incidents[0].timeline[1].published[0]"
    assert "21:39" in refusal.message


def test_a_time_that_is_not_in_the_calendar_is_refused(tree: Any) -> None:
    tree["incidents"][0]["timeline"][1]["at"] = "2018-09-31T18:39Z"

    assert _refusal(tree).at == "incidents[0].timeline[1].at"


def test_a_zulu_time_without_the_time_as_printed_is_refused(tree: Any) -> None:
    tree["incidents"][0]["timeline"][0]["published"] = []

    assert _refusal(tree).at == "incidents[0].timeline[0].published"


def test_a_second_clock_time_for_one_accounts_notice_is_refused(tree: Any) -> None:
    timeline = tree["incidents"][0]["timeline"]
    timeline.append(dict(_row(tree, by="rus", says="notice_time")))

    assert _refusal(tree).at == f"incidents[0].timeline[{len(timeline) - 1}].says"


def test_a_lead_in_words_beside_a_clock_time_is_refused(tree: Any) -> None:
    tree["incidents"][0]["timeline"][1]["lead_longer_than_s"] = 60

    assert _refusal(tree).at == "incidents[0].timeline[1].lead_longer_than_s"


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b'{"format": "\xff"}'])
def test_what_is_not_a_json_object_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        read_reference(data)


def test_a_file_at_the_bound_is_read_and_one_byte_more_is_refused() -> None:
    room = MAX_REFERENCE_BYTES - len(DATA)

    assert read_reference(DATA + b" " * room) == read_reference(DATA)
    with pytest.raises(LimitReached, match=str(MAX_REFERENCE_BYTES)):
        read_reference(DATA + b" " * (room + 1))


# The view


def test_the_view_is_json_with_every_section_and_the_computed_times(reference: Reference) -> None:
    view = json.loads(msgspec.json.encode(reference_view(reference)))

    sections = ["parties", "agreements", "zones", "posts", "meetings", "incidents", "differences", "sources"]
    assert set(sections) <= set(view)
    assert view["names"]["rus"] == "Russian Federation"
    assert view["incidents"][0]["lead_times"][0]["lead_s"] == 60
    assert view["incidents"][0]["clock_gaps"][0]["least_s"] == 3180
    assert all(row["lead_times"] == [] for row in view["incidents"][1:])


def test_every_claimant_of_the_view_has_a_name(reference: Reference) -> None:
    view = reference_view(reference)

    claimants = {value for at, value in _leaves(view) if at.endswith(".by")}

    assert claimants <= set(view["names"])
    assert {"rus", "isr", "syr", "fra", "tur", "usa"} <= claimants


def test_the_view_keeps_every_fact_of_the_file(reference: Reference, tree: Any) -> None:
    kept = dict(_leaves(reference_view(reference)))

    assert {at: value for at, value in _leaves(tree) if kept.get(at, "absent") != value} == {}
