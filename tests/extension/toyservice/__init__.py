"""Toy Jobs API 1.0: jobs by name, news by callback."""
