"""Calls with an APRN: what a visitor typed becomes a stored request."""
