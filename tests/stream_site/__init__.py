"""A tiny site whose answers wait for jobs: for the tests of ``django_mediacloud.serving`` and for the bench."""
