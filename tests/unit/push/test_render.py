"""The words: complete in every language, right for people, never a crash."""

import re

import pytest
from structlog.testing import capture_logs

from app.push import render
from app.push.render import FORMATS, LANGUAGES, PLACEHOLDER, Text, catalogue, is_late, text, title_and_body
from beacon_ingest.messages import ALARM_KINDS

AT = "2026-04-01T05:10:00+00:00"
PARAMS = {
    "stuck_on": "くつ",
    "seems": "cold,hurt",
    "number": "AB0123",
    "drill_name": "春の声かけ訓練",
    "wearer": "佐藤ハナ",
    "by": "佐藤一郎",
    "fence": "自宅",
    "at": AT,
    "received": AT,
    "heard": AT,
    "alarm": "power_off",
    "minutes": "95",
    "battery": "15",
    "distance_m": "123.4",
    "usual_m": "800",
    "usual": "17:30",
    "times": "6",
    "accuracy_m": "18",
    "detector": "東門",
    "detectors": "東門、西門",
    "devices": "480",
    "code": "012345",
    "count": "5",
    "days": "9",
    "of": "28",
    "expected": "学校の正門",
    "since": "2026-03-31T22:50:00+00:00",
    "until": "2026-03-31T23:30:00+00:00",
    "unit": "機動一号",
    "company": "はりま警備保障",
    "guards": "警備太郎、警備次郎",
    "stopped": "2026-03-31T22:55:00+00:00",
    "back": "2026-03-31T23:00:00+00:00",
}
KINDS = (
    "alert.sos",
    "alert.fall",
    "alert.geofence_exit",
    "alert.geofence_enter",
    "alert.geofence_not_back",
    "alert.geofence_through",
    "alert.low_battery",
    "alert.tag_low_battery",
    "alert.removed",
    "alert.silent",
    "alert.device",
    "alert.returned",
    "alert.resolved",
    "alert.fine_today",
    "alert.fine_here",
    "alert.fine_always",
    "alert.acknowledged",
    "alert.dispatch_wanted",
    "alert.on_the_way",
    "alert.on_the_way_at",
    "alert.not_arrived",
    "alert.not_arrived_partly",
    "alert.arrival_unknown",
    "alert.arrival_unknown_service",
    "alert.arrived_late",
    "alert.was_there",
    "alert.tag_silent",
    "alert.tag_unheard",
    "alert.tag_heard_again",
    "alert.unfamiliar_on_foot",
    "alert.pacing",
    "alert.lapping",
    "alert.random",
    "alert.beyond_range",
    "alert.unusual_hour",
    "alert.not_back_by",
    "alert.stuck",
    "alert.vanished",
    "alert.impossible_travel",
    "alert.known_again",
    "news.passage",
    "news.passage_near",
    "news.passage_visit",
    "news.passages",
    "news.passages_more",
    "news.arrived",
    "news.was_there",
    "dispatch.requested",
    "dispatch.requested_by_house",
    "dispatch.accepted",
    "dispatch.en_route",
    "dispatch.on_scene",
    "dispatch.searching",
    "dispatch.found",
    "dispatch.not_found",
    "dispatch.handed_over",
    "dispatch.given_back",
    "dispatch.cleared",
    "dispatch.cancelled",
    "dispatch.nobody",
    "dispatch.extend",
    "dispatch.extended",
    "dispatch.time_up",
    "dispatch.contact_goes",
    "dispatch.contact_goes_at",
    "dispatch.nobody_desk",
    "dispatch.not_found_desk",
    "dispatch.still_accepted",
    "dispatch.still_en_route",
    "dispatch.still_on_scene",
    "dispatch.still_searching",
    "dispatch.still_not_found",
    "dispatch.still_found",
    "dispatch.still_handed_over",
    "unit.offer",
    "unit.offer_near",
    "unit.taken",
    "unit.called_off",
    "unit.relieved",
    "unit.extended",
    "unit.time_up",
    "unit.contact_comes",
    "address.code",
    "staff.devices_silent",
    "staff.devices_heard",
    "unit.check_due",
    "unit.check_missed",
    "me.test",
    "me.confirm_mailbox",
    "alert.finder",
    "board.hurt",
    "board.line",
    "sticker.test",
    "sticker.drill",
    "staff.board_reported",
    "sticker.mail_test",
)
REASONS = (
    "sos",
    "fall",
    "outside_fence",
    "inside_fence",
    "still_outside",
    "through_fence",
    "tag_at_home",
    "low_battery",
    "tag_low_battery",
    "removed",
    "silent",
    "late",
    "other",
    "battery_well",
    "worn",
    "heard_again",
    "passed",
    "not_arrived",
    "detectors_down",
    "service_down",
    "arrived",
    "arrived_late",
    "was_there",
    "tag_silent",
    "tag_unheard",
    "tag_heard_again",
    "unfamiliar_on_foot",
    "straight_on",
    "off_route",
    "pacing",
    "lapping",
    "random",
    "beyond_range",
    "unusual_hour",
    "not_back_by",
    "stuck",
    "vanished",
    "impossible_travel",
    "known_again",
    "in_company",
    "finder",
)


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_language_has_the_same_keys_with_the_same_placeholders(language: str) -> None:
    ja, other = (
        {key: frozenset(PLACEHOLDER.findall(words)) for key, words in catalogue(one).items()}
        for one in ("ja", language)
    )

    assert set(ja) == set(other)
    reasons = {key: names for key, names in ja.items() if key.startswith("reason.")}
    assert reasons == {key: other[key] for key in reasons}
    for kind in KINDS:
        assert ja[f"{kind}.title"] | ja[f"{kind}.body"] == other[f"{kind}.title"] | other[f"{kind}.body"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_placeholder_has_a_word_for_when_it_is_missing(language: str) -> None:
    words = catalogue(language)
    used = {name for sentence in words.values() for name in PLACEHOLDER.findall(sentence)}

    assert {f"fallback.{name}" for name in used} <= set(words)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_known_and_worded_in_full(kind: str, language: str) -> None:
    assert render.known(kind)

    with capture_logs() as logs:
        worded = title_and_body(kind, language, PARAMS)

    assert logs == []
    assert worded.title
    assert worded.body
    assert not re.search(r"[{}]", worded.title + worded.body)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_is_worded_in_full(reason: str, language: str) -> None:
    with capture_logs() as logs:
        worded = text(f"reason.{reason}", language, PARAMS)

    assert logs == []
    assert worded
    assert not re.search(r"[{}]", worded)


def test_a_message_reads_like_a_letter_in_japanese() -> None:
    assert Text(
        "佐藤ハナさんが「自宅」の外に出ました", "「自宅」の外にいるようです（14:10）。今いる場所はアプリで見られます。"
    ) == title_and_body("alert.geofence_exit", "ja", PARAMS)
    assert "電池の残りは15％です（14:10）。" in title_and_body("alert.low_battery", "ja", PARAMS).body
    assert title_and_body("alert.silent", "ja", PARAMS).body.startswith("1時間35分、知らせがありません。")
    assert (
        text("reason.outside_fence", "ja", PARAMS)
        == "「自宅」から120メートルほど外にいます（14:10、位置のずれは20メートルくらい）。"
    )
    assert title_and_body("alert.acknowledged", "ja", PARAMS).title == "佐藤一郎さんが対応しています"


def test_a_message_reads_like_a_letter_in_english() -> None:
    params = {**PARAMS, "wearer": "Hana", "by": "Ichiro", "fence": "Home"}

    assert Text(
        "Hana has left “Home”", "Seems to be outside “Home” (14:10). The app shows the place."
    ) == title_and_body("alert.geofence_exit", "en", params)
    assert "Nothing was heard for 1 h 35 min." in title_and_body("alert.silent", "en", params).body
    assert text("reason.low_battery", "en", params) == "The battery is at 15% (14:10)."


def test_a_passage_and_an_arrival_are_told_in_one_line() -> None:
    params = {**PARAMS, "at": "2026-03-31T23:12:00+00:00", "received": "2026-03-31T23:12:20+00:00"}

    assert "佐藤ハナさんが東門を通過しました（08:12）" == title_and_body("news.passage", "ja", params).title
    assert "佐藤ハナさんが東門の近くにいました（08:12）" == title_and_body("news.passage_near", "ja", params).title
    assert "佐藤ハナさんが東門に来ました（08:12）" == title_and_body("news.passage_visit", "ja", params).title
    assert "佐藤ハナ was near 東門 (08:12)" == title_and_body("news.passage_near", "en", params).title
    assert "佐藤ハナ came to 東門 (08:12)" == title_and_body("news.passage_visit", "en", params).title
    assert "佐藤ハナ passed 東門 (08:12)" == title_and_body("news.passage", "en", params).title
    assert "佐藤ハナさんが「学校の正門」に着きました（08:12）" == title_and_body("news.arrived", "ja", params).title


def test_a_tag_is_no_device_and_its_battery_is_changed_and_not_charged() -> None:
    assert Text(
        "佐藤ハナさんのみまもりタグの電池が残りわずかです",
        "電池の残りは15％です（14:10）。早めの電池交換をお願いします。",
    ) == title_and_body("alert.tag_low_battery", "ja", PARAMS)
    assert "電池の残りが戻りました（14:10）。" == text("reason.battery_well", "ja", PARAMS)
    english = title_and_body("alert.tag_low_battery", "en", PARAMS)
    assert "charge" not in english.body
    assert "device" not in english.title


def test_a_tag_has_one_name_on_every_screen() -> None:
    assert [] == [key for key, words in catalogue("ja").items() if re.search(r"(?<!みまもり)タグ", words)]


def test_nobody_is_told_to_be_at_ease_because_a_tag_was_heard() -> None:
    for language, words in (("ja", "安心"), ("en", "All is well")):
        assert [] == [key for key, sentence in catalogue(language).items() if words in sentence]


def test_that_nobody_arrived_is_told_apart_from_that_nobody_can_say() -> None:
    params = {**PARAMS, "at": "2026-03-31T23:30:00+00:00", "received": "2026-03-31T23:32:00+00:00"}

    assert title_and_body("alert.not_arrived", "ja", params).body.startswith(
        "08:30までに「学校の正門」の検知器を通った知らせがありません。"
    )
    assert (
        "08:30までに「学校の正門」の検知器を通った知らせがありません。東門、西門の検知器は07:50から動いていませんでした。"
        in title_and_body("alert.not_arrived_partly", "ja", params).body
    )
    assert title_and_body("alert.arrival_unknown", "ja", params).body.startswith(
        "東門、西門の検知器が07:50から動いていなかったため、08:30までに着いたかどうかをお伝えできません。"
    )
    assert "(東門, 西門) were not working from 07:50" in title_and_body("alert.arrival_unknown", "en", params).body
    assert "from 07:55 to 08:00" in title_and_body("alert.arrival_unknown_service", "en", params).body


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_urgent_is_clear_from_the_title_alone(kind: str) -> None:
    calm, urgent = (title_and_body(kind, "ja", PARAMS, urgent=urgent) for urgent in (False, True))

    assert urgent == Text(f"【緊急】{calm.title}", calm.body)
    assert title_and_body(kind, "en", PARAMS, urgent=True).title.startswith("URGENT: ")
    assert title_and_body(kind, "easy", PARAMS, urgent=True).title.startswith("【すぐに みて】")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_alarm_of_the_edge_has_its_words(language: str) -> None:
    words = {name.removeprefix("alarm.") for name in catalogue(language) if name.startswith("alarm.")}

    assert words == set(ALARM_KINDS)


def test_an_alarm_is_told_by_its_name_and_an_unknown_one_without() -> None:
    assert text("reason.other", "ja", PARAMS) == "端末から「電源オフ」という知らせがありました（14:10）。"
    assert text("reason.other", "en", {**PARAMS, "alarm": "earthquake"}) == (
        "The device reported “something else” (14:10)."
    )


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("佐藤ハナ", "佐藤ハナさん"),
        ("おばあちゃん", "おばあちゃん"),
        ("山田先生", "山田先生"),
        ("花子さん", "花子さん"),
    ],
)
def test_people_are_called_by_their_name_and_san_once(name: str, shown: str) -> None:
    assert title_and_body("alert.resolved", "ja", {"wearer": name}).title.startswith(f"{shown}について")


def test_news_that_arrived_late_says_both_times() -> None:
    late = {**PARAMS, "received": "2026-04-01T05:31:00+00:00"}

    assert title_and_body("alert.sos", "ja", late).body.endswith("これは14:10のことで、知らせが届いたのは14:31です。")
    assert title_and_body("alert.sos", "en", late).body.endswith(" As of 14:10, received 14:31.")
    assert text("reason.late", "en", late) == "As of 14:10, received 14:31."


@pytest.mark.parametrize(
    ("received", "late"),
    [
        ("2026-04-01T05:15:00+00:00", False),
        ("2026-04-01T05:15:01+00:00", True),
        ("2026-04-01T14:15:01+09:00", True),
        ("2026-04-01T05:00:00+00:00", False),
        ("14:31", False),
        ("2026-04-01T05:31:00", False),
        ("", False),
    ],
)
def test_late_means_more_than_five_minutes(received: str, late: bool) -> None:
    params = {**PARAMS, "received": received}

    assert late == is_late(params)
    assert late == ("届いたのは" in title_and_body("alert.sos", "ja", params).body)


def test_a_long_silence_is_not_late_news() -> None:
    params = {**PARAMS, "heard": "2026-04-01T03:35:00+00:00"}

    assert "届いたのは" not in title_and_body("alert.silent", "ja", params).body
    assert text("reason.silent", "ja", params) == "1時間35分、端末からの知らせがありません（最後の知らせ：12:35）。"


def test_a_time_of_another_day_says_the_day() -> None:
    params = {**PARAMS, "at": "2026-03-31T14:55:00+00:00", "received": "2026-03-31T15:20:00+00:00"}

    assert "3月31日23:55" in title_and_body("alert.sos", "ja", params).body
    assert "3/31 23:55" in title_and_body("alert.sos", "en", params).body
    assert "0:20です" in title_and_body("alert.sos", "ja", params).body


def test_times_are_told_in_the_citys_zone() -> None:
    assert "15:10" in text("reason.sos", "en", {**PARAMS, "zone": "Asia/Vladivostok"})
    assert "14:10" in text("reason.sos", "en", {**PARAMS, "zone": "Nowhere/At all"})


@pytest.mark.parametrize(
    ("metres", "shown"), [("3", "10 m"), ("44", "40 m"), ("996", "1.0 km"), ("1234", "1.2 km"), ("much", "much")]
)
def test_distances_are_rounded_as_people_say_them(metres: str, shown: str) -> None:
    shown = "some way" if metres == "much" else shown

    assert f"About {shown} outside" in text("reason.outside_fence", "en", {**PARAMS, "distance_m": metres})


@pytest.mark.parametrize(
    ("minutes", "shown"), [("0", "0 min"), ("59", "59 min"), ("60", "1 h"), ("125.2", "2 h 5 min"), ("nan", "a while")]
)
def test_durations_are_told_in_hours_and_minutes(minutes: str, shown: str) -> None:
    assert f"device for {shown} " in text("reason.silent", "en", {**PARAMS, "minutes": minutes})


def test_a_missing_param_is_replaced_and_logged_without_the_others() -> None:
    with capture_logs() as logs:
        worded = title_and_body("alert.geofence_exit", "ja", {"wearer": "佐藤ハナ"})

    assert worded.title == "佐藤ハナさんが「見守りエリア」の外に出ました"
    assert {"fence", "at"} == {entry["param"] for entry in logs}
    assert "佐藤" not in str(logs)


def test_a_kind_or_reason_without_words_still_says_something() -> None:
    with capture_logs() as logs:
        worded = title_and_body("alert.meteor", "ja", PARAMS)
        reason = text("reason.meteor", "en", PARAMS)

    assert worded.title == "佐藤ハナさんについてのお知らせ"
    assert reason == "The device reported something."
    assert [entry["event"] for entry in logs] == ["template_missing"] * 3


def test_a_language_without_a_catalogue_gets_the_first_one() -> None:
    assert title_and_body("alert.sos", "ja", PARAMS) == title_and_body("alert.sos", "../fr", PARAMS)


def test_names_cannot_break_a_sentence() -> None:
    params = {**PARAMS, "wearer": "{at}\n\n  二行の\t名前", "fence": "長" * 3000}

    worded = title_and_body("alert.geofence_exit", "ja", params)

    assert worded.title.startswith("{at} 二行の 名前さんが「")
    assert len(worded.title) <= 100
    assert len(worded.body) <= 500
    assert "\n" not in worded.title


def test_params_that_are_no_text_are_no_crash() -> None:
    assert "15％" in text("reason.low_battery", "ja", {**PARAMS, "battery": 15})  # type: ignore[dict-item]


def test_every_format_is_of_a_param_that_some_sentence_uses() -> None:
    used = {name for key in catalogue("ja") for name in render.placeholders(key)}

    assert set(FORMATS) <= used
