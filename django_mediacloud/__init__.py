"""Media work for Django sites: one set of models, an embedded engine, and the old cloud services on both sides."""

__version__ = "0.1.0"
