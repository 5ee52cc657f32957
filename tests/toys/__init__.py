"""Small clouds for tests, laid out as a site's own would be: one folder and one settings entry each."""
