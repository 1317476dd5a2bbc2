"""Portfolio files that are sent to a page: taken in, read, compared with what is stored."""
