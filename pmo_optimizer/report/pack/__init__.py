"""The board pack: one self-contained page about a plan, for the screen and for paper."""

from pmo_optimizer.report.pack.build import Paper, board_pack
from pmo_optimizer.report.pack.content import Studies

__all__ = ["Paper", "Studies", "board_pack"]
