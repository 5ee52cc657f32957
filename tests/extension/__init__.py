"""What a site, or a contributor, adds: an operation as one file, a cloud as one folder and one settings entry."""
