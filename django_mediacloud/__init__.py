"""Encodes video, audio and images for Django sites, by an embedded engine or a remote service."""

__version__ = "0.1.0"
