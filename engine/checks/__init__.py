"""Tests that need Rasa itself, so they run in the engine's Python; tests/integration/test_engine.py starts them."""
