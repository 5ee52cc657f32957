"""A toy cloud, as a package of its own."""
