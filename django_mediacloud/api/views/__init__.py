"""One module for each family of resources."""
