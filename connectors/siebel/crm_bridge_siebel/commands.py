"""``crm-bridge siebel inspect``: look at a site's WSDL before anything is configured."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

import typer

from crm_bridge.api import ConfigMistake, UserMistake
from crm_bridge_siebel.drafting import Draft, drafted
from crm_bridge_siebel.inspection import Inspection, as_json, as_text, inspected
from crm_bridge_siebel.messages import Service
from crm_bridge_siebel.settings import SiebelTimeouts
from crm_bridge_siebel.soap import Load, services_of, services_of_file, within
from crm_bridge_siebel.transport import Line

_LARGEST_WSDL = 32 * 1024 * 1024
_SYSTEM = "siebel inspect"


def commands() -> Mapping[str, Callable[..., None]]:
    """The commands by name."""
    return {"inspect": inspect}


def inspect(
    wsdl: Annotated[str, typer.Argument(metavar="FILE|URL", help="The WSDL, as a file or where Siebel serves it.")],
    draft: Annotated[
        Path | None, typer.Option("--draft", metavar="FILE", help="Write a draft of a mapping document there.")
    ] = None,
    service: Annotated[str | None, typer.Option("--service", help="Only this service or port.")] = None,
    object_tag: Annotated[
        str | None, typer.Option("--object", help="Tag of the integration object, where there are several.")
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--kind", help="What a record is called in the configuration, such as contact.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a draft that is there.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """List services, operations, dialects and fields of a WSDL, what change capture lacks, and draft a mapping."""
    found = [inspected(each, object_tag=object_tag) for each in _chosen(read_services(wsdl), service)]
    made = None
    if draft is not None:
        made = _written(found, draft, source=_shown(wsdl), kind=kind, force=force)
    if json_:
        told = {
            "wsdl": _shown(wsdl),
            "services": [as_json(each) for each in found],
            "draft": {"file": str(draft), "mapped": list(made.mapped), "open": list(made.open)} if made else None,
        }
        typer.echo(json.dumps(told, ensure_ascii=False, sort_keys=True))
        return
    typer.echo("\n\n".join(as_text(each) for each in found))
    if made is not None:
        typer.echo(f"\n{draft}: {len(made.mapped)} fields and lists mapped, {len(made.open)} open\n")
        typer.echo(_configuration(found, wsdl, draft=str(draft), kind=kind, made=made))


def read_services(wsdl: str) -> tuple[Service, ...]:
    """The services of a file, or of an address, whose imports come from the same folder or host.

    Raises:
        ConfigMistake: it cannot be read as a WSDL.
        UserMistake: the address holds a password.
        Unreachable: nothing answers there.
    """
    if "://" not in wsdl:
        return services_of_file(Path(wsdl), system=_SYSTEM)
    parts = urlsplit(wsdl)
    if parts.scheme not in {"http", "https"}:
        raise UserMistake("a WSDL is read from a file, http:// or https://")
    named = {name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    if parts.username or parts.password or named & {"username", "password"}:
        raise UserMistake("the address holds a user or password, which is refused: save the WSDL and name the file")
    line = Line(
        system=_SYSTEM,
        timeouts=SiebelTimeouts(),
        max_bytes=_LARGEST_WSDL,
        if_larger="that is no WSDL of one service: give its address, or save the WSDL and name the file",
    )
    try:
        return services_of(wsdl, load=_from_host(wsdl, line), name=_shown(wsdl), system=_SYSTEM)
    finally:
        line.close()


def _from_host(root: str, line: Line) -> Load:
    """Documents of one host, without credentials and without following redirects."""

    def load(url: str) -> bytes:
        with line.open("GET", within(root, url=url), headers={"Accept": "text/xml, application/xml"}) as incoming:
            if 300 <= incoming.status < 400:
                raise ConfigMistake(
                    f"the address answers with a redirect (HTTP {incoming.status}), which is not followed: "
                    "give the final address, or save the WSDL and name the file"
                )
            if incoming.status != 200:
                raise ConfigMistake(f"the address answers HTTP {incoming.status}: save the WSDL and name the file")
            return incoming.read()

    return load


def _chosen(services: Sequence[Service], name: str | None) -> Sequence[Service]:
    found = [each for each in services if name in (None, each.name, each.port)]
    if not found:
        raise UserMistake(f"there is no service {name}; there is {', '.join(each.name for each in services)}")
    return found


def _written(found: Sequence[Inspection], path: Path, *, source: str, kind: str | None, force: bool) -> Draft:
    trees = [each.object for each in found if each.object is not None]
    if not trees:
        raise UserMistake("no service has an integration object to draft a mapping for")
    if len({tree.qname for tree in trees}) > 1:
        tags = ", ".join(each.service.name for each in found if each.object is not None)
        raise UserMistake(f"several services have an integration object: name one with --service: {tags}")
    made = drafted(trees[0], source=source, kind=kind)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(made.text)
    except FileExistsError:
        raise UserMistake(f"{path} is there already: --force replaces it") from None
    except OSError as error:
        raise UserMistake(f"{path} cannot be written: {type(error).__name__}") from None
    return made


def _configuration(found: Sequence[Inspection], wsdl: str, *, draft: str, kind: str | None, made: Draft) -> str:
    """What has to stand in the configuration for this kind."""
    one = next(each for each in found if each.object is not None)
    name = kind or made.text.partition("mapping: siebel.")[2].partition("\n")[0]
    renamed = ", ".join(f"{key} = {json.dumps(tag)}" for key, tag in made.system_fields.items())
    watched = [child.tag for child in one.object.component.lists if child.tag in made.mapped] if one.object else []
    file = wsdl if "://" not in wsdl else "SAVE-THE-WSDL-HERE.wsdl"
    lines = [
        "# user_time_zone of [systems.siebel] and tz of changed_at in the mapping are one zone, the integration user's",
        "# profile: whoever changes one changes both. Without a word, both are UTC.",
        "",
        f"[systems.siebel.kinds.{name}]",
        f"wsdl = {json.dumps(file)}",
        *([f"service = {json.dumps(one.service.name)}"] if len(found) > 1 else []),
        *([f"only = {json.dumps(list(made.mapped), ensure_ascii=False)}"] if one.projects else []),
        *([f"system_fields = {{ {renamed} }}"] if renamed else []),
        *([f"children = {json.dumps(watched)}  # their rows may change alone"] if watched else []),
        *_to_uncomment(one),
        *_of_arguments(one),
        "write = false",
        "",
        f"[systems.siebel.records.{name}]",
        f"mapping = {json.dumps(draft)}",
        "write = false",
    ]
    return "\n".join(lines)


def _to_uncomment(one: Inspection) -> list[str]:
    if not one.proposed:
        return []
    operations = ", ".join(f"{method} = {json.dumps(operation)}" for method, operation in one.proposed.items())
    needed = (
        "NOTHING IS READ WITHOUT THIS LINE" if "QueryPage" in one.proposed else "these are not used without this line"
    )
    return [f"# {needed}: confirm that the operations do this, and uncomment it.", f"# operations = {{ {operations} }}"]


def _of_arguments(one: Inspection) -> list[str]:
    lines = []
    if one.arguments:
        said = ", ".join(f"{purpose} = {json.dumps(tag)}" for purpose, tag in one.arguments.items())
        lines.append(f"query_arguments = {{ {said} }}  # by their names: `check` tries them")
    if one.required:
        tags = dict.fromkeys(tag for _, tag in one.required)
        lines.append("# REQUIRED BY THE SERVICE: put in what Siebel's administrator tells you, and uncomment it.")
        said = ", ".join(f'{json.dumps(tag)} = "…"' for tag in tags)
        lines.append(f"# arguments = {{ {said} }}")
    return lines


def _shown(wsdl: str) -> str:
    return Path(wsdl).name if "://" not in wsdl else wsdl
