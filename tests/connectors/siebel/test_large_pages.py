"""A page that is far larger than can be held is taken from its beginning on; everybody in it is invented."""

from __future__ import annotations

from crm_bridge_siebel.changes import ChangeReader


def test_of_a_very_large_page_the_beginning_is_taken_and_smaller_ones_are_asked_for(siebel, drain, monkeypatch):
    """Every record comes once, in the order of its change, and never more of them at once than fit."""
    monkeypatch.setattr("crm_bridge_siebel.connector._LARGE_PAGE", 40_000)
    monkeypatch.setattr("crm_bridge_siebel.xml_guard._LARGEST_WHOLE", 1_000)
    ids = siebel.load(200, JobTitle="лікарка " * 30)
    sizes = []
    asked = ChangeReader._page_behind
    monkeypatch.setattr(ChangeReader, "_page_behind", lambda self, at: sizes.append(self._page_size) or asked(self, at))

    pages, _ = drain(siebel.connector(page_size=1000))

    assert ids == [record["Id"] for page in pages for record in page.records]
    assert 1000 == sizes[0] > sizes[1] >= sizes[-1] > 0
    assert max(len(page.records) for page in pages) < 150
