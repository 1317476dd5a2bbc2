"""Properties that hold on random portfolios: brute force, engines and referee agree."""
