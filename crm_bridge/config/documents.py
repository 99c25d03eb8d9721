"""Where a mapping document is found: a file beside the configuration, or a resource in an installed package."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from crm_bridge.errors import ConfigMistake

_PACKAGE_REFERENCE = re.compile(r"([A-Za-z_]\w+(?:\.\w+)*):([^\\/].*)")


@dataclass(frozen=True, slots=True)
class FoundDocument:
    """A document's text, and the name that messages about it use."""

    text: str
    file: str


def find_document(reference: str, *, base_dir: Path) -> FoundDocument:
    """Read ``mappings/siebel/contact.yaml`` (relative to ``base_dir``) or ``package:siebel/contact.yaml``.

    Raises:
        ConfigMistake: it is not there or is not UTF-8 text.
    """
    package = _PACKAGE_REFERENCE.fullmatch(reference)
    if package:
        return _from_package(package.group(1), path=package.group(2))
    path = base_dir / reference
    try:
        return FoundDocument(text=path.read_text(encoding="utf-8"), file=str(path))
    except IsADirectoryError:
        raise ConfigMistake(f"{path} is a folder: name the document in it") from None
    except (FileNotFoundError, NotADirectoryError):
        raise ConfigMistake(f"there is no file {path}: correct the path, or run `crm-bridge init`") from None
    except UnicodeDecodeError:
        raise ConfigMistake(f"{path} is not UTF-8: save it in that encoding") from None
    except OSError as error:
        raise ConfigMistake(f"{path} cannot be read ({type(error).__name__}): check its rights") from None


def _from_package(package: str, *, path: str) -> FoundDocument:
    name = f"{package}:{path}"
    try:
        text = resources.files(package).joinpath(path).read_text(encoding="utf-8")
    except ModuleNotFoundError:
        raise ConfigMistake(f"the package {package!r} is not installed: install it, or correct {name!r}") from None
    except IsADirectoryError:
        raise ConfigMistake(f"{name} is a folder: name the document in it") from None
    except (FileNotFoundError, NotADirectoryError):
        raise ConfigMistake(f"the package {package!r} holds no {path!r}: correct the path behind the colon") from None
    except UnicodeDecodeError:
        raise ConfigMistake(f"{name} is not UTF-8: save it in that encoding") from None
    return FoundDocument(text=text, file=name)
