"""The worker: a pool of processes that run jobs; beside them the sweeper and a thread that sends callbacks."""
