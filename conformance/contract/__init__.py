"""What is promised: requirements, operations, schemas and conventions. Reads `specs/`, nothing else."""

from conformance.contract.base import BaseRequirement, base_catalogue, base_requirements
from conformance.contract.contract import SPECS, Contract
from conformance.contract.conventions import PREVIOUS_CURSOR, Conventions, ErrorCode, Resource, Versioning
from conformance.contract.documents import Document
from conformance.contract.errors import ConformanceError, ContractError
from conformance.contract.loading import Spec, apis, contracts, load, load_catalogue
from conformance.contract.needs import Need
from conformance.contract.openapi import read_openapi
from conformance.contract.operation import Answer, Collection, Operation, Sample
from conformance.contract.paging import Pagination
from conformance.contract.published import alone
from conformance.contract.rates import Bucket, RateLimit
from conformance.contract.reading import read_yaml, validated
from conformance.contract.requirement import BASE, CLIENT, Catalogue, Observation, Record, Requirement
from conformance.contract.router import Router
from conformance.contract.routes import Routes
from conformance.contract.schema import SchemaError, Validator, dereferenced, is_partial, pointer

__all__ = [
    "BASE",
    "CLIENT",
    "PREVIOUS_CURSOR",
    "SPECS",
    "Answer",
    "BaseRequirement",
    "Bucket",
    "Catalogue",
    "Collection",
    "ConformanceError",
    "Contract",
    "ContractError",
    "Conventions",
    "Document",
    "ErrorCode",
    "Need",
    "Observation",
    "Operation",
    "Pagination",
    "RateLimit",
    "Record",
    "Requirement",
    "Resource",
    "Router",
    "Routes",
    "Sample",
    "SchemaError",
    "Spec",
    "Validator",
    "Versioning",
    "alone",
    "apis",
    "base_catalogue",
    "base_requirements",
    "contracts",
    "dereferenced",
    "is_partial",
    "load",
    "load_catalogue",
    "pointer",
    "read_openapi",
    "read_yaml",
    "validated",
]
