"""Schedule generation: passes over orders of jobs, and populations that breed orders."""
