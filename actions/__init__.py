"""Rasa's custom actions: read slots, call one clinic function, utter one json_message, return events."""
