"""The public process: chat API, pages, the crisis screen in front of everything."""
