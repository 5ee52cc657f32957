"""Stupeflix Tasks API v2 ("dragon"): tasks by name, statuses by key, one stream for many."""
