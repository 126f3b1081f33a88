"""The clinic's people: who may sign in to the console, and what they may do there."""
