"""The three kinds of job. Each has a row of its own beside the ``Job``, which has the state."""

from __future__ import annotations

from django.db import models

from .job import Job
from .library import Factory, Profile, Video


class Encoding(models.Model):
    """A video encoded with a profile."""

    job = models.OneToOneField(Job, models.CASCADE, primary_key=True, related_name="encoding")
    video = models.ForeignKey(Video, models.CASCADE, related_name="encodings")
    profile = models.ForeignKey(Profile, models.SET_NULL, null=True, blank=True, related_name="encodings")
    profile_name = models.CharField(max_length=100, help_text="Kept when the profile goes.")

    class Meta:
        ordering = ["-job_id"]

    def __str__(self) -> str:
        return f"{self.profile_name} of video {self.video_id}"


class Process(models.Model):
    """One file converted from a format to another."""

    job = models.OneToOneField(Job, models.CASCADE, primary_key=True, related_name="process")
    factory = models.ForeignKey(Factory, models.SET_NULL, null=True, blank=True, related_name="processes")
    filename = models.CharField(max_length=300, blank=True, default="")
    input_format = models.CharField(max_length=32, blank=True, default="")
    output_format = models.CharField(max_length=32)

    class Meta:
        ordering = ["-job_id"]
        verbose_name_plural = "processes"

    def __str__(self) -> str:
        return f"{self.filename or self.input_format} to {self.output_format}"


class Task(models.Model):
    """One operation with its parameters."""

    job = models.OneToOneField(Job, models.CASCADE, primary_key=True, related_name="task")
    metas = models.JSONField(default=dict, blank=True, help_text="The submitter's own notes, kept as they are.")

    class Meta:
        ordering = ["-job_id"]

    def __str__(self) -> str:
        return f"task {self.job_id}"
