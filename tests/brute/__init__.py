"""Brute force: the model of ``docs/formulation.md`` once more, naively and exactly.

Nothing here shares code with the referee, the compiled problem or an engine; only the
vocabulary (`pmo_optimizer.model`) is common. Every combination of selections, starts, modes and
hires is tried; what is continuous (shares of time, splits over funds) is decided by an exact
linear program.
"""
