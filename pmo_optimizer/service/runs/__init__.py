"""How runs are done: kinds and their parameters, one child process for each, supervisor, worker."""
