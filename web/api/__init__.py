"""The chat API of the HTTP contract."""
