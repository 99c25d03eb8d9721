"""The head of a small mapping document: a test adds the rows that it is about."""

HEAD = """
mapping: test.person
version: 1
client: person
record: {id: Id, concurrency: ModId, image: full}
defaults: {region: UA, tz: Europe/Kyiv}
"""
