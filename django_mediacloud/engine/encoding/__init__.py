"""Encoding with ffmpeg, in four steps.

``plan`` makes an ``EncodePlan`` from the options and the facts of a probe, without running anything; ``arguments``
turns the plan into ffmpeg's arguments; ``encode`` runs ffmpeg; ``verify`` checks that the result is what was planned.
"""
