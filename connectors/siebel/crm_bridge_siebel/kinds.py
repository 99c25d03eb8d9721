"""The kinds of record of one installation: our own two, or those that the settings name with a WSDL of the site's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from crm_bridge_siebel.dialects import Dialect, Modes, Wanted, dialect_for
from crm_bridge_siebel.records import RecordReader
from crm_bridge_siebel.settings import KindSettings, SiebelSettings
from crm_bridge_siebel.shapes import ServiceShape
from crm_bridge_siebel.soap import SoapService

OWN_KINDS = ("contact", "claim")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind, ready to be called.

    Attributes:
        data: reads answers to queries.
        ids: reads answers to writes; ``None`` for a service that only reads.
    """

    service: SoapService
    dialect: Dialect
    modes: Modes
    data: RecordReader
    ids: RecordReader | None

    @property
    def shape(self) -> ServiceShape:
        """What the service takes and gives."""
        return self.service.shape


def kind_settings(settings: SiebelSettings) -> Mapping[str, KindSettings]:
    """The kinds and what is known of each, without any I/O."""
    if settings.kinds:
        return settings.kinds
    return {
        kind: KindSettings(
            wsdl=settings.wsdl.get(kind, str(_bundled(kind))),
            write=kind == "contact",
            children=settings.children.get(kind),
        )
        for kind in OWN_KINDS
    }


def open_kind(given: KindSettings, settings: SiebelSettings, *, base_dir: Path, system: str) -> Kind:
    """Read the WSDL of a kind and compile what it takes.

    Raises:
        ConfigMistake: it cannot be read, or has no such service or operation.
    """
    wanted = Wanted(
        service=given.service,
        object=given.object,
        only=frozenset(given.only),
        operations={str(method): name for method, name in given.operations.items()},
        system_fields={str(name): tag for name, tag in given.system_fields.items()},
        arguments={str(purpose): tag for purpose, tag in given.query_arguments.items()},
        keeps_rows=given.keeps_rows,
    )
    service = SoapService(base_dir / given.wsdl, endpoint=settings.endpoint, system=system, wanted=wanted)
    shape = service.shape
    dialect = dialect_for(service.service, shape, names=given.field_names)
    written = next(
        (service.operations[each] for each in ("Execute", "Insert", "Update") if each in shape.methods), None
    )
    return Kind(
        service=service,
        dialect=dialect,
        modes=Modes(
            view=given.view_mode or settings.view_mode,
            language=settings.language_mode,
            fixed=given.arguments,
            template=given.template,
        ),
        data=RecordReader(
            shape.data, system=system, paged=dialect.paged, output=service.operations["QueryPage"].output.qname
        ),
        ids=RecordReader(shape.ids, system=system, output=written.output.qname if written else None)
        if shape.ids
        else None,
    )


def _bundled(kind: str) -> Path:
    return Path(str(files("crm_bridge_siebel"))) / "wsdl" / f"{kind}.wsdl"
