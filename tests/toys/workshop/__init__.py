"""A local cloud whose operations need no engine: they write, wait and fail when told to."""
