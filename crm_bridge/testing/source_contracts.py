"""What every source has to do, as tests to inherit: :class:`RecordSourceContract` and :class:`KeyListerContract`."""

from __future__ import annotations

from typing import Any

from crm_bridge.connector import Page
from crm_bridge.testing.contract import System, Workbench, big_enough


class RecordSourceContract(Workbench):
    """Inherit, give the fixtures ``connector`` and ``system``, and override ``new_record`` and ``change``."""

    def pages(self, connector: Any, cursor: str | None = None) -> list[Page]:
        return self.in_time(lambda: list(connector.read_changes(self.kind, cursor)))

    def seen(self, pages: list[Page]) -> set[str]:
        return {self.id_of(record) for page in pages for record in page.records}

    def test_every_record_comes_though_they_need_several_pages(self, connector: Any, system: System) -> None:
        """A first reading brings all there is: no record is skipped at the edge of a page."""
        ids = self.fill(system, big_enough(connector.capabilities(self.kind)))

        assert set(ids) == self.seen(self.pages(connector)), "records were skipped, or others invented"

    def test_no_page_is_bigger_than_declared(self, connector: Any, system: System) -> None:
        """One page is one transaction: its size is what was promised."""
        size = connector.capabilities(self.kind).page_size
        self.fill(system, big_enough(connector.capabilities(self.kind)))

        assert all(len(page.records) <= size for page in self.pages(connector)), f"a page has more than {size} records"

    def test_an_empty_system_gives_no_records(self, connector: Any, system: System) -> None:
        """And no error: emptiness is judged by the bridge."""
        assert set() == self.seen(self.pages(connector))

    def test_reading_can_go_on_behind_each_page(self, connector: Any, system: System) -> None:
        """Whoever was killed behind any page and goes on from its cursor has missed nothing."""
        self.needs(connector.capabilities(self.kind).incremental, name="incremental")
        ids = set(self.fill(system, big_enough(connector.capabilities(self.kind))))
        pages = self.pages(connector)

        for number, page in enumerate(pages, start=1):
            if page.cursor is not None:
                rest = self.seen(self.pages(connector, page.cursor))
                assert ids == self.seen(pages[:number]) | rest, f"records are lost behind the cursor of page {number}"

    def test_the_last_cursor_leads_to_what_changed_since(self, connector: Any, system: System) -> None:
        """Edited and new records come; none of them is missed."""
        self.needs(connector.capabilities(self.kind).incremental, name="incremental")
        ids = self.fill(system, 3)
        cursor = self.last_cursor(self.pages(connector))
        system.edit(self.kind, ids[0], self.change(1))
        new = list(system.load(self.kind, [self.new_record(900)]))

        assert {ids[0], *new} <= self.seen(self.pages(connector, cursor)), "a change behind the cursor was missed"

    def test_a_cursor_is_plain_text(self, connector: Any, system: System) -> None:
        """It is kept in a database column and given back as it was."""
        self.fill(system, 3)

        assert all(isinstance(page.cursor, str | None) for page in self.pages(connector))

    def test_what_is_read_by_id_is_what_was_read_by_change(self, connector: Any, system: System) -> None:
        """Both ways bring the same record, or every re-reading would look like an edit."""
        ids = self.fill(system, 2)
        changed = {self.id_of(record): record for page in self.pages(connector) for record in page.records}
        read = {self.id_of(record): record for record in self.in_time(lambda: connector.read(self.kind, ids))}

        assert changed == read, "read and read_changes bring different contents of one record"

    def test_missing_ids_are_missing_from_the_answer(self, connector: Any, system: System) -> None:
        """No error, no empty record in their place."""
        first = self.fill(system, 1)[0]
        found = self.in_time(lambda: connector.read(self.kind, [first, "no-such-record"]))

        assert [first] == [self.id_of(record) for record in found]
        assert [] == list(self.in_time(lambda: connector.read(self.kind, [])))

    def test_a_record_is_plain_data(self, connector: Any, system: System) -> None:
        """It is kept as JSON, and has to be the same when it comes back."""
        self.fill(system, 1)
        for page in self.pages(connector):
            for record in page.records:
                assert _is_plain(dict(record)), "a record holds something that JSON does not have"

    def test_deletions_are_told_where_promised(self, connector: Any, system: Any) -> None:
        """``deletes_visible`` means a tombstone for each deleted record. Needs a system with ``delete``."""
        self.needs(connector.capabilities(self.kind).deletes_visible, name="deletes_visible")
        self.needs(hasattr(system, "delete"), name="a system with delete")
        ids = self.fill(system, 3)
        cursor = self.last_cursor(self.pages(connector))
        system.delete(self.kind, ids[1])
        pages = self.pages(connector, cursor)

        assert ids[1] in {stone.record_id for page in pages for stone in page.deleted}

    def test_the_kinds_are_stable_and_known(self, connector: Any) -> None:
        """What can be configured is what the connector names."""
        assert self.kind in connector.kinds()

    @staticmethod
    def last_cursor(pages: list[Page]) -> str | None:
        return next((page.cursor for page in reversed(pages) if page.cursor is not None), None)


class KeyListerContract(Workbench):
    """Inherit beside :class:`RecordSourceContract`, with the same fixtures."""

    def test_every_key_is_listed_once(self, connector: Any, system: System) -> None:
        """A key that is not listed looks like a deletion."""
        ids = self.fill(system, big_enough(connector.capabilities(self.kind)))
        listed = self.in_time(lambda: list(connector.list_keys(self.kind)))

        assert sorted(ids) == sorted(listed), "the listing is short, long or repeats itself"

    def test_keys_are_the_ids_of_reading(self, connector: Any, system: System) -> None:
        """Both name a record in the same way."""
        self.fill(system, 2)
        keys = self.in_time(lambda: list(connector.list_keys(self.kind)))
        read = self.in_time(lambda: connector.read(self.kind, keys))

        assert sorted(keys) == sorted(self.id_of(record) for record in read)


def _is_plain(value: object) -> bool:
    match value:
        case None | str() | bool() | int() | float():
            return True
        case list() | tuple():
            return all(_is_plain(item) for item in value)
        case dict():
            return all(isinstance(key, str) and _is_plain(item) for key, item in value.items())
        case _:
            return False
