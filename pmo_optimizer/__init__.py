"""Which projects to fund, when each phase runs and who works on it, with proof."""
