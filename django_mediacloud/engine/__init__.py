"""Local media work: local paths in, local paths and values out. No Django, no network."""
