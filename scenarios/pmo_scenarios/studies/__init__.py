"""Studies: questions about a portfolio that are answered by solving it again, changed."""
