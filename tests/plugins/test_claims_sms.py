"""notification.claims_sms: what a client is told of a claim, and when nobody may be told yet."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from crm_bridge.api import Event, HeldNotice, Notice
from crm_bridge.plugins.notification.claims_sms import Plugin

AT = datetime(2026, 10, 20, 9, tzinfo=UTC)
PAYOUT = {"order": "4471", "date": "2026-10-20", "amount": {"amount": "12500.00", "currency": "UAH"}}


def tell(event_type: str, *, languages: tuple[str, ...] = ("uk",), event_id: str = "e1", **claim: Any) -> Any:
    event = Event(event_id, event_type, "c1", AT, {"claim": claim})
    client = {"kind": "person", "preferences": {"languages": list(languages)}}
    return list(Plugin(Plugin.Settings()).clients_changed([event], {"c1": client}))


def test_a_registered_claim_becomes_one_sms_with_its_number() -> None:
    """Told three times, it has one key, and so is sent once."""
    told = [tell("claim.registered", event_id=name, number="CL-2026-0042")[0] for name in ("e1", "e1", "e2")]

    assert {"claims_sms:registered:CL-2026-0042"} == {notice.key for notice in told}
    assert (
        Notice(
            "claims_sms:registered:CL-2026-0042",
            "c1",
            "sms",
            "claims",
            "Вашу справу зареєстровано за номером CL-2026-0042.",
            valid_until=datetime(2026, 10, 23, 9, tzinfo=UTC),
        )
        == told[0]
    )


@pytest.mark.parametrize(
    ("languages", "begins"),
    [
        (("ru",), "Ваше дело"),
        (("kk-Cyrl",), "Сіздің"),
        (("en-GB", "uk"), "Your claim"),
        (("de", "ru"), "Ваше дело"),
        (("de",), "Вашу справу"),
        ((), "Вашу справу"),
    ],
)
def test_the_client_is_told_in_the_clients_language(languages: tuple[str, ...], begins: str) -> None:
    """The first of the client's languages that there is a text in, else the configured one."""
    assert tell("claim.registered", languages=languages, number="CL-1")[0].text.startswith(begins)


def test_documents_are_listed_whole() -> None:
    """Never cut at 70 characters: the gateway counts the parts."""
    documents = ["копія паспорта", "довідка з лікарні про перебування", "заява встановленого зразка на виплату"]
    notice = tell("claim.documents_requested", number="CL-1", documents=documents)[0]

    assert all(document in notice.text for document in documents)


def test_the_same_list_again_is_the_same_notice_and_a_new_list_a_new_one() -> None:
    """The order of the list does not matter."""
    keys = [
        tell("claim.documents_requested", number="CL-1", documents=documents)[0].key
        for documents in (["a", "b"], ["b", "a"], ["a", "b", "c"])
    ]

    assert keys[0] == keys[1] != keys[2]


def test_no_documents_are_no_message() -> None:
    """If needed, say the rules: an empty list needs nothing."""
    assert [] == tell("claim.documents_requested", number="CL-1", documents=[])


def test_a_payout_is_told_with_order_date_and_amount() -> None:
    """All three, as a bank writes them."""
    assert (
        "Claim CL-1: 12 500.00 UAH was paid on 20.10.2026, payment order No. 4471."
        == tell("claim.paid", languages=("en",), number="CL-1", payout=PAYOUT)[0].text
    )


@pytest.mark.parametrize(
    ("payout", "lacks"),
    [
        ({**PAYOUT, "order": ""}, ["claim.payout.order"]),
        ({key: PAYOUT[key] for key in ("order", "amount")}, ["claim.payout.date"]),
        ({**PAYOUT, "amount": {"amount": "1.00"}}, ["claim.payout.amount.currency"]),
        (
            {},
            ["claim.payout.order", "claim.payout.date", "claim.payout.amount.amount", "claim.payout.amount.currency"],
        ),
    ],
)
def test_an_incomplete_payout_is_held_and_shown(payout: dict[str, Any], lacks: list[str]) -> None:
    """Nobody gets a text with 'None' in it; a person sees what is missing."""
    held = tell("claim.paid", number="CL-1", payout=payout)

    assert [(HeldNotice, lacks)] == [(type(item), item.missing) for item in held]


def test_a_claim_without_number_is_held() -> None:
    """The number is the message."""
    assert [HeldNotice("claims_sms:registered:event:e1", "c1", ["claim.number"])] == tell("claim.registered")


def test_other_events_are_not_told() -> None:
    """Only the three steps of a claim."""
    assert [] == tell("client.changed", number="CL-1")


@pytest.mark.parametrize("text", ["No number", "{number} {secret}", "{number.real}"])
def test_a_text_that_leaves_something_out_is_refused_at_start(text: str) -> None:
    """A mistake in the configuration is found before the first client is told half."""
    with pytest.raises(ValidationError, match=r"has to name exactly \{number\}"):
        Plugin.Settings(texts={"claim.registered": {"uk": text}})


def test_a_default_language_without_text_is_refused_at_start() -> None:
    """There is always a text to fall back on."""
    with pytest.raises(ValueError, match=r"no text of claim\.registered in the default language 'de'"):
        Plugin(Plugin.Settings(language="de"))


def test_one_text_can_be_replaced() -> None:
    """The others stay as bundled."""
    plugin = Plugin(Plugin.Settings(texts={"claim.registered": {"uk": "№ {number}"}}))
    events = [Event("e1", "claim.registered", "c1", AT, {"claim": {"number": "CL-1"}})]

    assert ["№ CL-1"] == [notice.text for notice in plugin.clients_changed(events, {}) if isinstance(notice, Notice)]
