"""Encryption at rest, under keys derived from SECRET_KEY: one key for each purpose, the former ones still open."""

import base64
import hashlib

from cryptography.fernet import Fernet
from django.conf import settings


def fernets(purpose: str) -> list[Fernet]:
    """The ciphers of a purpose ("mfa"): the one that encrypts, then those of SECRET_KEY_FALLBACKS, which only open."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = [hashlib.sha256(f"spm.{purpose}".encode() + key.encode()).digest() for key in keys]
    return [Fernet(base64.urlsafe_b64encode(digest)) for digest in digests]
