"""Django's settings.

From the environment: YIMAI_SECRET_KEY (``serve`` makes one for the embedded database), YIMAI_ADDRESS (how browsers reach
the server, such as https://yimai.example.org; without it http://localhost), YIMAI_PROXIES (how many of our own proxies stand
before it).
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

from yimai.wiring import log_lines

ADDRESS = os.environ.get("YIMAI_ADDRESS") or "http://localhost"
PASSKEY_DOMAIN = urlsplit(ADDRESS).hostname or "localhost"
"""A passkey belongs to this host name and to no other."""
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", PASSKEY_DOMAIN]
CSRF_TRUSTED_ORIGINS = [ADDRESS] if os.environ.get("YIMAI_ADDRESS") else []
SECRET_KEY = os.environ.get("YIMAI_SECRET_KEY", "")

APPEND_SLASH = False
DATABASES: dict[str, dict[str, object]] = {}
"""Wiring names the accounts' database when it is known (``wiring/account_database.py``)."""
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.staticfiles",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "yimai.store",
    "yimai.interfaces.web.apps.WebConfig",
    "yimai.interfaces.accounts.apps.AccountsConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]
LOGGING = log_lines.LOGGING
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LANGUAGE_CODE = "zh-hans"
MIDDLEWARE = [
    "yimai.interfaces.web.headers.content_security",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "yimai.wiring.bounds.bounded",
    "allauth.account.middleware.AccountMiddleware",
    "yimai.interfaces.accounts.gate.Gate",
    "yimai.wiring.page_access.PageAccess",
    "yimai.wiring.preparing.Preparing",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "yimai.wiring.urls"
SECURE_HSTS_SECONDS = 31_536_000 if ADDRESS.startswith("https:") else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_SECONDS > 0
if os.environ.get("YIMAI_TLS_PROXY") == "yes":
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_MEMORY_SIZE = 6_000_000
"""Bytes of a request as a whole; each kind has a limit of its own (``wiring/bounds.py``)."""
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1_000
DATA_UPLOAD_MAX_NUMBER_FILES = 4
SECURE_REFERRER_POLICY = "same-origin"
"""Django compares the referrer of what is sent over TLS; other sites learn nothing."""
STATIC_URL = "/static/"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "yimai.wiring.shared_context.everywhere",
            ]
        },
    }
]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 31_536_000
"""Static files are asked for with a mark of their content, so they may be kept for a year."""
WSGI_APPLICATION = "yimai.wiring.wsgi.application"

# Accounts: passwords, sessions, django-allauth.
AUTH_USER_MODEL = "accounts.Account"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "yimai.interfaces.accounts.plain_words.PlainWordsValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["person"]},
    },
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
LOGIN_URL = "account_login"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "accounts_limit"}}
"""Which one-time codes were used, in the database so that it counts whichever worker is asked."""
SESSION_ENGINE = "yimai.interfaces.accounts.sessions"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ADDRESS.startswith("https:")
_OURS = "__Host-" if SESSION_COOKIE_SECURE else ""
"""Of a cookie with this name a browser takes care that this very host set it, over TLS, and no other host of its domain."""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{_OURS}sessionid", f"{_OURS}csrftoken"
CSRF_COOKIE_AGE = None
CSRF_FAILURE_VIEW = "yimai.interfaces.web.answers.forged"
PROXIES = ALLAUTH_TRUSTED_PROXY_COUNT = int(os.environ.get("YIMAI_PROXIES") or 0)
"""Limits count by the address that the outermost of our own proxies saw."""
SECOND_FACTOR = os.environ.get("YIMAI_SECOND_FACTOR", "optional")
"""``required``: who signs in with a password sets up a passkey or a one-time code before anything else."""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = urlsplit(ADDRESS).scheme
ACCOUNT_ADAPTER = "yimai.interfaces.accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = "person"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
MFA_ADAPTER = "yimai.interfaces.accounts.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
SOCIALACCOUNT_ADAPTER = "yimai.interfaces.accounts.hospital_sign_in.HospitalAdapter"
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_PROVIDERS: dict[str, dict[str, Any]] = {"openid_connect": {"APPS": []}}
"""Wiring names the hospitals' providers (``wiring/hospital_providers.py``)."""
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_AUTO_SIGNUP = False
