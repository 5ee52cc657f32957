"""The REST API: mount ``django_mediacloud.api.urls``. Nowhere else is Django REST framework imported."""
