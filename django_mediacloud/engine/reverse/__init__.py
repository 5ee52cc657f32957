"""Reverses a film in constant memory.

``spans`` plans which packets to decode for which frames, ``frames`` brings the frames from the last to the first,
``sound`` turns the samples round, and ``film`` puts both together.
"""
