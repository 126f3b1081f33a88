"""The background process: spooled escalations, alerts, retention."""
