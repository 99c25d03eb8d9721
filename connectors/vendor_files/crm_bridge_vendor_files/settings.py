"""The settings of a drop folder, as they stand under ``[systems.NAME]``."""

from __future__ import annotations

import codecs
from typing import Self

from pydantic import Field, model_validator

from crm_bridge.api import ConnectorSettings


class VendorFilesSettings(ConnectorSettings):
    """Where the agency's files lie, and what they look like. Nothing is detected: a wrong guess is a wrong client."""

    inbox: str = Field(description="Folder in which the agency puts its files; relative to the configuration.")
    outbox: str = Field(description="Folder from which the agency takes ours; relative to the configuration.")
    columns: tuple[str, ...] = Field(
        min_length=2, description="The header, name by name. Files with another are not read."
    )
    record_id: str = Field(description="The column that names a client.")
    kind: str = Field(default="client", description="The kind of record in these files.")
    encoding: str = Field(
        default="cp1251", description="Of both directions: a codec that contains ASCII, such as `utf-8`."
    )
    delimiter: str = Field(default=";", min_length=1, max_length=1, description="Between columns.")
    pattern: str = Field(
        default="*.csv", description="Names of files that are read; hidden, `.part` and `.tmp` never are."
    )
    settle_seconds: float = Field(
        default=2.0, ge=0, description="A file is read when it is this old. 0 where files are put there by renaming."
    )
    ends_with_line_end: bool = Field(
        default=False,
        description="Each file ends with a line end: a last row without one was cut off, and is broken.",
    )
    page_size: int = Field(default=1000, ge=1, description="Clients a page when reading.")
    batch_size: int = Field(default=500, ge=1, description="Clients a file when writing.")
    refuse_formulas: bool = Field(
        default=True,
        description="Refuse a value that a spreadsheet would carry out, such as `=…`, instead of changing it.",
    )

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if len(set(self.columns)) != len(self.columns):
            raise ValueError("columns: a name stands twice")
        if self.record_id not in self.columns:
            raise ValueError("record_id is not one of columns")
        if self.delimiter in '"\r\n' or not self.delimiter.isascii():
            raise ValueError("delimiter: one ASCII character, not a quote or a line end")
        try:
            contains_ascii = codecs.encode('\n";', self.encoding) == b'\n";'
            for name in self.columns:
                codecs.encode(name, self.encoding)
        except LookupError:
            raise ValueError("encoding: there is no such codec") from None
        except UnicodeEncodeError:
            raise ValueError("columns: a name cannot be written in this encoding") from None
        if not contains_ascii:
            raise ValueError("encoding: lines cannot be told apart in this one; use utf-8 or a one-byte code page")
        return self
