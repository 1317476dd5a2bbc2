"""The workshop: changes that people make on the page, and what they do to the plan."""
