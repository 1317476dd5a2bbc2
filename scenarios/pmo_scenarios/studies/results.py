"""What all results of studies have in common."""

from __future__ import annotations

from typing import Any

from pmo_optimizer import Frozen


class Study(Frozen):
    """Result of a study: frozen, and plain data without the plans themselves."""

    def to_data(self) -> dict[str, Any]:
        """Return the result as plain data, fit for JSON; plans are left out."""
        return self.model_dump(mode="json")

    def to_json(self) -> str:
        """Return the result as JSON text; plans are left out."""
        return self.model_dump_json(indent=1)
