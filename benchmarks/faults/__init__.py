"""kill -9 at marked points: no escalation lost, no alert lost, the resources always at once."""
