"""Two of each process, PostgreSQL, Redis and nginx: each process is killed in turn while visitors talk."""
