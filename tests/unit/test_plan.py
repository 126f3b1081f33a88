"""Who is alerted when, as tables: the list, what was tried, the time, and who comes next."""

from datetime import timedelta

import pytest

from clinic.handoff.plan import FIRST_RETRY, LONGEST_RETRY, Contact, Plan, Tried, make_plan, pause_after
from clinic.handoff.policy import PagingPolicy
from tests.unit.chats import NOW

POLICY = PagingPolicy(next_after_seconds=60, everyone_after_minutes=10, repeat_minutes=5, unreached_after_minutes=5)
ROSA = Contact("rosa", ("rosa-sms", "rosa-mail"))
SAM = Contact("sam", ("sam-push",), languages=("en", "es"))
OFF = Contact("off", ("off-sms",), on_duty=False)
URLS = Contact(None, ("url:1", "url:2"), on_duty=False, together=True)


def at(**span: float):
    return NOW + timedelta(**span)


def sent(channel: str, outcome: str = "delivered", **span: float) -> Tried:
    when = at(**span)
    return Tried(channel, outcome, when, None if outcome == "sending" else when)


def plan(*tried: Tried, contacts=(ROSA, SAM, OFF, URLS), **options) -> Plan:
    values = {"policy": POLICY, "started_at": NOW, "now": NOW} | options
    return make_plan(contacts, tried, **values)


def test_the_first_person_s_first_channel_at_once() -> None:
    assert plan().send == ("rosa-sms",)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (59, ()),
        (60, ("rosa-mail",)),
        (120, ("rosa-mail", "sam-push")),
        (179, ("rosa-mail", "sam-push")),
        (180, ("rosa-sms", "rosa-mail", "sam-push", "off-sms", "url:1", "url:2")),
    ],
)
def test_without_an_acknowledgement_the_next_channel_the_next_person_at_last_everyone(
    seconds: int, expected: tuple[str, ...]
) -> None:
    assert plan(sent("rosa-sms"), now=at(seconds=seconds)).send == expected


def test_it_looks_again_when_the_next_step_is_due() -> None:
    assert plan(sent("rosa-sms"), now=at(seconds=5)).next_at == at(seconds=60)


@pytest.mark.parametrize(
    ("tried", "seconds", "expected"),
    [
        ([sent("rosa-sms", "failed")], 1, ("rosa-mail",)),
        ([sent("rosa-sms", "failed"), sent("rosa-mail", "failed", seconds=1)], 2, ("sam-push",)),
        ([sent("rosa-sms", "failed")], 10, ("rosa-sms", "rosa-mail")),
        ([sent("rosa-sms", "sending")], 7, ()),
        ([sent("rosa-sms", "sending")], 8, ("rosa-mail",)),
        ([sent("rosa-sms", "sending"), sent("rosa-mail", seconds=8)], 60, ("rosa-sms",)),
    ],
    ids=["failed", "both failed", "failed and its pause is over", "slow", "too slow", "its worker is dead"],
)
def test_a_channel_that_fails_is_passed_over_at_once(
    tried: list[Tried], seconds: int, expected: tuple[str, ...]
) -> None:
    assert plan(*tried, now=at(seconds=seconds)).send == expected


def test_a_channel_busy_with_another_alert_is_not_used_and_passed_over_when_it_takes_long() -> None:
    assert (waits := plan(now=at(seconds=2), busy={"rosa-sms": NOW})).send == ()
    assert waits.next_at == at(seconds=4)
    assert plan(now=at(seconds=8), busy={"rosa-sms": NOW}).send == ("rosa-mail",)


def test_everyone_comes_at_the_latest_when_the_policy_says_so() -> None:
    slow = POLICY.model_copy(update={"next_after_seconds": 3600})
    assert "off-sms" in plan(sent("rosa-sms"), policy=slow, now=at(minutes=10)).send
    assert "off-sms" not in plan(sent("rosa-sms"), policy=slow, now=at(minutes=9)).send


@pytest.mark.parametrize(("minutes", "expected"), [(7.9, ()), (8, ("rosa-sms",))])
def test_everyone_is_called_again_and_again(minutes: float, expected: tuple[str, ...]) -> None:
    alone = (Contact("rosa", ("rosa-sms",)),)
    tried = [sent("rosa-sms"), sent("rosa-sms", minutes=3)]
    assert plan(*tried, contacts=alone, now=at(minutes=minutes)).send == expected


def test_it_never_ends() -> None:
    """A day without an acknowledgement and with every channel failing: there is always a next time, soon."""
    now, tried = NOW, list[Tried]()
    while now < at(days=1):
        found = plan(*tried, now=now)
        tried += [Tried(channel, "failed", now, now) for channel in found.send]
        assert found.send or now < found.next_at <= now + LONGEST_RETRY
        now = now + timedelta(seconds=2) if found.send else found.next_at
    assert {one.channel_id for one in tried} == {"rosa-sms", "rosa-mail", "sam-push", "off-sms", "url:1", "url:2"}
    assert len(tried) > 6 * 24 * 60 / 5 * 0.9


def test_who_speaks_the_visitor_s_language_comes_first() -> None:
    assert plan(language="es").send == ("sam-push",)


def test_who_holds_the_chat_comes_first_even_off_duty() -> None:
    assert plan(first="off").send == ("off-sms",)


def test_with_nobody_on_duty_everyone_is_called_at_once() -> None:
    assert plan(contacts=(OFF, URLS)).send == ("off-sms", "url:1", "url:2")


def test_the_addresses_of_the_environment_are_one_step() -> None:
    only = Contact(None, ("url:1", "url:2"), together=True)
    assert plan(contacts=(only,)).send == ("url:1", "url:2")


def test_an_empty_list_is_looked_at_again() -> None:
    found = plan(contacts=())
    assert (found.send, found.exhausted) == ((), False)
    assert found.next_at > NOW


def test_exhausted_means_everyone_tried_and_nothing_went_through() -> None:
    channels = ["rosa-sms", "rosa-mail", "sam-push", "off-sms", "url:1", "url:2"]
    failed = [sent(channel, "failed", seconds=n) for n, channel in enumerate(channels)]
    assert plan(*failed, now=at(seconds=6)).exhausted
    assert not plan(*failed[:-1], now=at(seconds=6)).exhausted
    assert not plan(*failed[1:], sent("rosa-sms", seconds=6), now=at(seconds=7)).exhausted


def test_the_pauses_double_up_to_the_longest() -> None:
    assert [pause_after(n) for n in (1, 2, 3)] == [FIRST_RETRY, FIRST_RETRY * 2, FIRST_RETRY * 4]
    assert pause_after(40) == LONGEST_RETRY
