"""The `lotus` command."""
