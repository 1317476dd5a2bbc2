"""Public benchmark suites: adapters to `pmo_optimizer.Portfolio`, a runner, comparisons."""
