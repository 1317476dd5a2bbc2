"""Portfolios, revisions and scenarios."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pmo_optimizer.service.store import Store
from pmo_optimizer.service.store.errors import (
    BadCursor,
    BadText,
    Conflict,
    NotFound,
)
from tests.api.store.conftest import World


def test_a_portfolio_is_read_as_it_was_stored(store: Store) -> None:
    """What is stored comes back word for word, with a time in UTC."""
    document = '{"name": "Zürich 東京 \\u0000", "x": 1e400}'
    made = store.create_portfolio("a", "Zürich", document, "d", "ann")
    assert store.portfolio("a", made.id) == made
    assert (made.document, made.revision, made.digest, made.actor) == (document, 1, "d", "ann")
    assert made.created.utcoffset() is not None
    assert made.created.tzname() == "UTC"


def test_a_replacement_is_a_new_revision_and_the_old_one_stays(store: Store) -> None:
    """Both revisions can be read, the newest by default, and the list shows the newest."""
    made = store.create_portfolio("a", "one", "{}", "d1", "ann")
    second = store.replace_portfolio("a", made.id, '{"v": 2}', "d2", "bob", 1, name="two")
    assert (second.revision, second.digest, second.actor, second.name) == (2, "d2", "bob", "two")
    assert store.portfolio("a", made.id) == second
    assert store.portfolio("a", made.id, 1).document == "{}"
    (listed,) = store.portfolios("a").items
    assert (listed.id, listed.revision, listed.digest) == (made.id, 2, "d2")
    assert listed.updated > listed.created


@pytest.mark.parametrize("revision", [0, -1, 3, 2**31, 2**64, -(2**70)])
def test_a_revision_that_is_not_there_is_not_found(store: Store, revision: int) -> None:
    """However large or small its number."""
    made = store.create_portfolio("a", "one", "{}", "d1", "ann")
    with pytest.raises(NotFound):
        store.portfolio("a", made.id, revision)


def test_the_same_replacement_again_changes_nothing(store: Store) -> None:
    """A repeated request makes no second revision."""
    made = store.create_portfolio("a", "one", "{}", "d1", "ann")
    assert store.replace_portfolio("a", made.id, "{}", "d1", "bob") == made


def test_a_replacement_of_another_revision_is_refused(store: Store) -> None:
    """Who expects revision 1 must not overwrite revision 2."""
    made = store.create_portfolio("a", "one", "{}", "d1", "ann")
    store.replace_portfolio("a", made.id, '{"v": 2}', "d2", "bob")
    with pytest.raises(Conflict, match="revision 2, not 1") as refused:
        store.replace_portfolio("a", made.id, '{"v": 3}', "d3", "cid", 1)
    assert refused.value.reason == "revision"
    assert store.portfolio("a", made.id).revision == 2


def test_a_deleted_portfolio_is_gone_with_its_scenarios(store: Store) -> None:
    """Neither it nor its scenarios can be read, listed, replaced or deleted again."""
    made = store.create_portfolio("a", "one", "{}", "d1", "ann")
    scenario = store.create_scenario("a", made.id, "cut", "[]")
    store.delete_portfolio("a", made.id)
    assert store.portfolios("a").items == ()
    for call in (
        lambda: store.portfolio("a", made.id),
        lambda: store.portfolio("a", made.id, 1),
        lambda: store.replace_portfolio("a", made.id, "{}", "d", "x"),
        lambda: store.delete_portfolio("a", made.id),
        lambda: store.scenarios("a", made.id),
        lambda: store.create_scenario("a", made.id, "x", "[]"),
        lambda: store.scenario("a", scenario.id),
    ):
        with pytest.raises(NotFound):
            call()


def test_a_portfolio_with_runs_cannot_be_deleted(world: World) -> None:
    """Its runs go first."""
    run = world.queued()
    with pytest.raises(Conflict) as refused:
        world.store.delete_portfolio("a", run.portfolio_id)
    assert refused.value.reason == "has_runs"
    world.store.delete_run("a", run.id)
    world.store.delete_portfolio("a", run.portfolio_id)
    with pytest.raises(NotFound):
        world.queued()


def test_scenarios_are_made_read_replaced_and_deleted(store: Store) -> None:
    """Each step shows in the next read."""
    made = store.create_portfolio("a", "one", "{}", "d1", "ann")
    first = store.create_scenario("a", made.id, "cut", "[1]")
    assert store.scenario("a", first.id) == first
    second = store.replace_scenario("a", first.id, "[2]")
    assert (second.document, second.name, second.created) == ("[2]", "cut", first.created)
    assert second.updated > first.updated
    assert store.replace_scenario("a", first.id, "[2]", name="deep cut").name == "deep cut"
    assert [item.name for item in store.scenarios("a", made.id).items] == ["deep cut"]
    store.delete_scenario("a", first.id)
    assert store.scenarios("a", made.id).items == ()
    with pytest.raises(NotFound):
        store.scenario("a", first.id)


def test_pages_hold_every_item_once_newest_first(store: Store) -> None:
    """Following the cursors gives all items, though new ones come meanwhile."""
    made = [store.create_portfolio("a", f"p{n}", "{}", "d", "ann").id for n in range(7)]
    page = store.portfolios("a", limit=3)
    seen = [item.id for item in page.items]
    store.create_portfolio("a", "late", "{}", "d", "ann")
    while page.cursor is not None:
        page = store.portfolios("a", page.cursor, 3)
        seen += [item.id for item in page.items]
    assert seen == made[::-1]


@pytest.mark.parametrize("count", [3, 4])
def test_the_last_page_has_no_cursor(store: Store, count: int) -> None:
    """Also where it is full to the last place."""
    for n in range(count):
        store.create_portfolio("a", f"p{n}", "{}", "d", "ann")
    page = store.portfolios("a", limit=3)
    assert (page.cursor is None) == (count == 3)


@pytest.mark.parametrize(
    "cursor", ["", "x", "ü", "e30", "W10", "WyIyMDI3LTAxLTAxIiwgInBmXyJd", "bnVsbA==", "\x00"]
)
def test_a_cursor_that_was_not_given_out_is_refused(store: Store, cursor: str) -> None:
    """Whatever is wrong with it."""
    with pytest.raises(BadCursor):
        store.portfolios("a", cursor)


@pytest.mark.parametrize("limit", [-5, 0, 10**12])
def test_an_odd_page_size_is_brought_into_range(store: Store, limit: int) -> None:
    """The store never reads everything, and never nothing."""
    store.create_portfolio("a", "one", "{}", "d", "ann")
    assert len(store.portfolios("a", limit=limit).items) == 1


@pytest.mark.parametrize("text", ["a\x00b", "half \ud800"])
def test_a_text_that_cannot_be_stored_is_refused_on_both(store: Store, text: str) -> None:
    """The same text is refused, whichever the database, and nothing is stored."""
    with pytest.raises(BadText):
        store.create_portfolio("a", text, "{}", "d", "ann")
    assert store.portfolios("a").items == ()


@pytest.mark.parametrize("id", ["", "x", "pf_\x00", "pf_" + "a" * 22, "run_" + "ü" * 22, "\ud800"])
def test_an_id_of_any_form_is_just_not_found(store: Store, id: str) -> None:
    """No text that a client sends as an id reaches the database and breaks there."""
    calls: tuple[Callable[[str, str], object], ...] = (
        store.portfolio,
        store.scenario,
        store.run,
        store.run_status,
        store.events,
        store.plan,
        store.decision,
        store.plans,
        store.delete_run,
        store.request_stop,
    )
    for call in calls:
        with pytest.raises(NotFound):
            call("a", id)
    assert store.runs("a", kind=id, portfolio_id=id).items == ()
    assert store.decisions("a", plan_id=id).items == ()
