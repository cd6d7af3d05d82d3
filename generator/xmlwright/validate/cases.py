"""Check that every case holds for the description, and that everything described is shown by a case."""

from __future__ import annotations

from ..diagnostics import Diagnostics
from ..ir import Api
from .coverage import CaseCoverage, uncovered, uncovered_api
from .requests import check_request
from .responses import check_response
from .trial import Bench, Trial


def check(api: Api, diagnostics: Diagnostics) -> None:
    """Try all cases of an API that resolved without problems, and require that they cover it, as far as it says so."""
    coverage = coverage_of_cases(api, diagnostics)
    if not api.covers_methods:
        return
    if all(method.name in coverage.methods for method in api.methods):
        uncovered_api(api, coverage, diagnostics)
    for module in api.modules:
        uncovered(api, module, coverage, diagnostics)


def coverage_of_cases(api: Api, diagnostics: Diagnostics | None = None) -> CaseCoverage:
    """Return what all cases together cover. Problems of the cases go to ``diagnostics``."""
    coverage = CaseCoverage()
    diagnostics = Diagnostics() if diagnostics is None else diagnostics
    for module in api.resources:
        bench = Bench(api, module)
        for case in module.cases:
            trial = Trial(bench, case, diagnostics)
            _try(trial)
            coverage.add(trial.coverage)
    return coverage


def _try(trial: Trial) -> None:
    case = trial.case
    trial.coverage.methods.add(trial.method.name)
    for direction, part in case.partial:
        trial.coverage.partial(trial.api, trial.method, direction, part)
    if case.arguments is not None and case.request is not None:
        trial.coverage.given(trial.api, trial.method, case.arguments)
        check_request(trial, case.request, case.arguments)
    if case.response is not None:
        check_response(trial, case.response)
