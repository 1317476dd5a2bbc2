"""Readers and writers of the files that planners have: workbooks, CSV, MS Project XML."""
