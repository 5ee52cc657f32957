"""The embedded engine, on the site's own machines."""
