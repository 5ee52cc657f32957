"""Settings of the example site. Each of these environment variables may be left out.

==========================  ===================================  ==================================================
variable                    default                              meaning
==========================  ===================================  ==================================================
``MEDIACLOUD_HOME``         ``var/`` beside this folder          where the site keeps what is not said otherwise
``DATABASE_URL``            ``$MEDIACLOUD_HOME/db.sqlite3``      ``sqlite:///path``, ``postgres://``, ``mysql://``
``DATABASE_POOL``           0                                    1: PostgreSQL connections from a pool
``MEDIA_ROOT``              ``$MEDIACLOUD_HOME/media``           files, unless they go to S3
``AWS_STORAGE_BUCKET_NAME`` none                                 files go to this S3 bucket; see also the other
                                                                 ``AWS_`` names in ``environment.py``
``MEDIACLOUD_QUEUE``        ``database``                         ``database``, ``immediate`` or ``celery``
``CELERY_BROKER_URL``       ``amqp://guest@127.0.0.1``           with ``celery``; ``CELERY_RESULT_BACKEND`` too
``MEDIACLOUD_FETCH_ALLOW``  none                                 hosts, addresses or networks that may be fetched
                                                                 from although they are private, comma separated
``MEDIACLOUD_WORK_DIR``     the system's temporary folder        work in progress: needs room on a local disk
``SECRET_KEY``              drawn once, ``$MEDIACLOUD_HOME``     as Django's
``DEBUG``                   0                                    as Django's
``ALLOWED_HOSTS``           this machine's own names             comma separated
``CSRF_TRUSTED_ORIGINS``    none                                 comma separated
``LOG_LEVEL``               INFO                                 of the workers and of django_mediacloud
==========================  ===================================  ==================================================
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

from . import environment

HOME = Path(os.environ.get("MEDIACLOUD_HOME") or Path(__file__).resolve().parent.parent / "var").resolve()
HOME.mkdir(parents=True, exist_ok=True)

DEBUG = environment.flag("DEBUG")
SECRET_KEY = environment.secret_key(HOME)
ALLOWED_HOSTS = environment.words("ALLOWED_HOSTS", "localhost,.localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = environment.words("CSRF_TRUSTED_ORIGINS")

DATABASES = {
    "default": environment.database(
        os.environ.get("DATABASE_URL") or f"sqlite:///{quote(str(HOME / 'db.sqlite3'))}",
        has_pool=environment.flag("DATABASE_POOL"),
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MEDIA_ROOT = Path(os.environ.get("MEDIA_ROOT") or HOME / "media").resolve()
MEDIA_URL = "/media/"
STORAGES = environment.storages(MEDIA_ROOT)
STATIC_URL = "/static/"
# Static files come straight from the apps, so that the site runs without a collectstatic.
WHITENOISE_USE_FINDERS = True

QUEUE = os.environ.get("MEDIACLOUD_QUEUE") or "database"
TASKS = environment.tasks(QUEUE)
CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL") or "amqp://guest@127.0.0.1"
CELERY_RESULT_BACKEND = os.environ.get("CELERY_RESULT_BACKEND") or "rpc://"
CELERY_RESULT_EXTENDED = True

MEDIACLOUD = {
    "CLOUDS": {"default": {"BACKEND": "django_mediacloud.clouds.local"}},
    "FETCH": {"ALLOW": environment.words("MEDIACLOUD_FETCH_ALLOW")},
    "WORK_DIR": os.environ.get("MEDIACLOUD_WORK_DIR") or None,
}

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    *environment.task_apps(QUEUE),
    "rest_framework",
    "django_mediacloud",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "example_project.static.StaticFilesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "example_project.urls"
ASGI_APPLICATION = "example_project.asgi.application"
WSGI_APPLICATION = "example_project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.BasicAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
}

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

LOG_LEVEL = os.environ.get("LOG_LEVEL") or "INFO"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        # Django keeps its own loggers from the root one, and shows them in debug mode only: without these lines,
        # a worker does its tasks in silence.
        name: {"handlers": ["console"], "level": LOG_LEVEL, "propagate": False}
        for name in ("django.tasks", "django_tasks", "django_tasks_db", "django_mediacloud")
    }
    | {"django": {"handlers": ["console"], "level": "INFO", "propagate": False}},
}
