"""What the documents promise is there: every relative link, and the two commands that stand at the top."""

from __future__ import annotations

import os
import re
from pathlib import PurePosixPath

LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
UNREAD = "docs/decisions/template.md"  # for those who write a decision
COMMANDS = ["uv run crm-bridge demo", "uv run pytest"]


def test_every_link_to_a_file_leads_somewhere(text_files, root):
    """A renamed page is noticed where it was linked from."""
    broken = [
        f"{file.name}: {target}"
        for file in text_files
        if file.name.endswith(".md")
        for match in LINK.finditer(file.text)
        if not (target := match["target"]).startswith(("http:", "https:", "mailto:", "#"))
        if not (root / PurePosixPath(file.name).parent / target.partition("#")[0]).exists()
    ]

    assert [] == broken


def test_the_two_commands_stand_at_the_top_of_the_readme(root):
    """A newcomer sees them without scrolling."""
    top = (root / "README.md").read_text(encoding="utf-8").splitlines()[:20]

    assert COMMANDS == [line for line in top if line in COMMANDS]


def test_ci_runs_the_command_that_the_readme_gives(root):
    """The promise of the README is what is tested."""
    script = (root / ".ci/run").read_text(encoding="utf-8")

    assert COMMANDS[1] in script


def test_every_decision_has_a_number_of_its_own_and_stands_in_the_index(text_files, root):
    """docs/decisions/README.md lists them all."""
    files = [PurePosixPath(file.name).name for file in text_files if re.match(r"docs/decisions/\d{4}-", file.name)]
    index = (root / "docs/decisions/README.md").read_text(encoding="utf-8")

    assert len(files) == len({name[:4] for name in files})
    assert [] == [name for name in files if name not in index]


def test_every_page_is_reached_from_the_index(text_files, root):
    """By links alone, starting at docs/index.md: nobody guesses the name of a page."""
    pages = {file.name: file.text for file in text_files if file.name.endswith(".md")}
    reached, ahead = set(), ["docs/index.md"]
    while ahead:
        name = ahead.pop()
        reached.add(name)
        for match in LINK.finditer(pages[name]):
            target = match["target"].partition("#")[0]
            if target and "://" not in target:
                found = os.path.normpath(PurePosixPath(name).parent / target).replace(os.sep, "/")
                if found in pages and found not in reached:
                    ahead.append(found)

    assert set() == {name for name in pages if name.startswith("docs/") and name != UNREAD} - reached
