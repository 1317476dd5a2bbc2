"""Sample portfolios, and a generator of realistic ones."""

from pmo_scenarios.generator import generate
from pmo_scenarios.packs import PACKS, load_pack

__all__ = ["PACKS", "generate", "load_pack"]
