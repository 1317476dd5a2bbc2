"""What boards do today, done as well as it can be: rank projects and fund them in order.

Three ways to rank, of which `RankingBackend` returns the best plan:

- ``score``: by value, and cut at the first project that does not fit (the waterline);
- ``ratio``: by value per unit of cost, passing over what does not fit;
- ``priority``: by value, passing over what does not fit.

Value is what a project alone adds to the objective; one that worsens it enters only if others
need it. The last two are also tried with the first mode of each phase preferred to an earlier
finish. Mandatory and running projects come first. A project enters together with what it
needs, each at its earliest finish that money, people, links and rules allow. A lower limit
that is missed stops nobody, since later projects can meet it; where it is missed in the end
the list is gone through again with those first that help. Soft limits are kept as if they were
hard, where that leaves a plan. Nobody is hired, and there is no bound.
"""

from pmo_solvers.ranking.engine import RankingBackend

__all__ = ["RankingBackend"]
