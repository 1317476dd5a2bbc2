"""Readers of public formats; each makes portfolios through the public model."""
