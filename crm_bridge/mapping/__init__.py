"""The mapping language: one YAML row is one field in both directions (docs/reference/mapping.md)."""

from crm_bridge.mapping.compile import CompiledMapping, compile_mapping
from crm_bridge.mapping.document import MappingDocument
from crm_bridge.mapping.inline_tests import TestResult, run_tests
from crm_bridge.mapping.parse import load_mapping
from crm_bridge.mapping.paths import change_document
from crm_bridge.mapping.values import (
    BadValue,
    ExplainedPath,
    FieldChange,
    Problem,
    Reading,
    TransformType,
    WriteBack,
)
from crm_bridge.mapping.yaml_nodes import MappingMistakes

__all__ = [
    "BadValue",
    "CompiledMapping",
    "ExplainedPath",
    "FieldChange",
    "MappingDocument",
    "MappingMistakes",
    "Problem",
    "Reading",
    "TestResult",
    "TransformType",
    "WriteBack",
    "change_document",
    "compile_mapping",
    "load_mapping",
    "run_tests",
]
