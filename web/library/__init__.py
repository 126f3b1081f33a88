"""The library: the curated answers as pages, for reading, searching and printing."""
