"""The staff console under /console: server-rendered pages, light scripts, live by SSE."""
