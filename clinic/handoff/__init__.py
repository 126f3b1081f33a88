"""Handing a conversation over to people: escalations, alerts, the protocol's wording, the spool."""
