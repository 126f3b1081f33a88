"""The domain: conversations, handoff, booking, content. Imports no web framework and nothing of Rasa."""
