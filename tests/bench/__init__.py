"""``make bench``: ratios, each of two ways to do the same, measured side by side in one run."""
