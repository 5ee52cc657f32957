from django.apps import AppConfig
from django.core.checks import register

from .checks import check_settings


class MediaCloudConfig(AppConfig):
    name = "django_mediacloud"
    label = "mediacloud"
    verbose_name = "Media cloud"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        register(check_settings, "mediacloud")
