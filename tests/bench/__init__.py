"""``make bench``: ratios, each of two ways to do the same, measured side by side in one run.

A module with ``CASES`` has cases of its own: it is found here by that name.
"""
