"""The one line that an address is shown as."""

from __future__ import annotations


def _point(mapping, **raw):
    (point,) = mapping.read({"Id": "1", **raw}).doc["contact_points"]
    return point


def test_an_address_is_its_text_where_it_has_one(compiled):
    """Two addresses in one town are two, also on the screen."""
    mapping = compiled("lists: {contact_points: [{as: address, item: {type: postal}, parts: {text: A, city: C}}]}")

    assert ["вул. Садова, 1, Київ", "Київ"] == [
        _point(mapping, A="вул. Садова, 1, Київ", C="Київ")["value"],
        _point(mapping, C="Київ")["value"],
    ]


def test_an_address_of_several_lines_is_one_line(compiled):
    """A street typed with the return key is an address as any other; the line ends stay in its parts."""
    mapping = compiled("lists: {contact_points: [{as: address, item: {type: postal}, parts: {lines.0: S, city: C}}]}")
    point = _point(mapping, S="вул. Садова, 1,\r\nкв. 2", C="Київ")

    assert "вул. Садова, 1, кв. 2, Київ" == point["value"]
    assert ["вул. Садова, 1,\r\nкв. 2"] == point["address"]["lines"]


def test_a_place_known_by_its_code_alone_is_shown_by_it(compiled):
    """An address without words is no empty line."""
    mapping = compiled("lists: {contact_points: [{as: address, item: {type: postal}, parts: {locality_code: L}}]}")

    assert "UA80000000000093317" == _point(mapping, L="UA80000000000093317")["value"]
