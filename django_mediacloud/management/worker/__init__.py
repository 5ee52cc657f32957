"""The worker: processes that do the jobs, and beside them the sweeper and the courier of callbacks."""
