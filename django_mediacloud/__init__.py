"""Media work for Django sites: one set of models, an embedded engine, and the old cloud services on both sides of the wire."""

__version__ = "0.1.0"
