"""Encoding: what is asked for, what becomes of it, and how ffmpeg is told so.

``options`` (parameters) and the facts of a probe make an ``EncodePlan`` (``plan``), which is pure; ``arguments``
turns it into ffmpeg's words; ``encode`` runs them; ``verify`` says whether the result is what was promised.
"""
