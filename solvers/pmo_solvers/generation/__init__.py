"""Schedule generation: passes over orders of jobs, and populations that breed orders.

A package of its own, with the standard library alone: child processes import it and nothing
else, so that they start in a moment. `pmo_solvers.schedules` runs it beside CP-SAT.
"""
