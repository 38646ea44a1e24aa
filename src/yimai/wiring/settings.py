"""Django's settings."""

from __future__ import annotations

from typing import Any

ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
APPEND_SLASH = False
DATABASES: dict[str, dict[str, object]] = {}
INSTALLED_APPS = ["django.contrib.staticfiles", "yimai.store", "yimai.interfaces.web.apps.WebConfig"]
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LANGUAGE_CODE = "zh-hans"
MIDDLEWARE = [
    "yimai.interfaces.web.headers.content_security",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "yimai.wiring.urls"
SECURE_REFERRER_POLICY = "no-referrer"
STATIC_URL = "/static/"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 31_536_000
"""Static files are asked for with a mark of their content, so they may be kept for a year."""
WSGI_APPLICATION = "yimai.wiring.wsgi.application"
