"""Requests signed by OAuth 1.0a (RFC 5849), HMAC-SHA1, in the Authorization header."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from ...exceptions import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth1:
    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)
    token: str = field(repr=False)
    token_secret: str = field(repr=False)

    def authorization(self, method: str, url: str, form: Mapping[str, str]) -> str:
        """The header's value for one request with ``form`` as its body, or none; each has a nonce of its own.

        ``ConfigurationError`` if the library is missing.
        """
        try:
            common = importlib.import_module("oauthlib.common")
            rfc5849 = importlib.import_module("oauthlib.oauth1.rfc5849")
        except ImportError:
            raise ConfigurationError(
                "OAuth1 needs oauthlib, which is missing.", advice="Run: pip install 'django-mediacloud[uploads]'"
            ) from None
        protocol = [
            ("oauth_consumer_key", self.consumer_key),
            ("oauth_token", self.token),
            ("oauth_signature_method", rfc5849.SIGNATURE_HMAC_SHA1),
            ("oauth_timestamp", common.generate_timestamp()),
            ("oauth_nonce", common.generate_nonce()),
            ("oauth_version", "1.0"),
        ]
        # Not Client.sign: it writes the token and the signature into the debug log.
        signature = rfc5849.signature
        client = rfc5849.Client(
            self.consumer_key, client_secret=self.consumer_secret, resource_owner_secret=self.token_secret
        )
        base = signature.signature_base_string(
            method, signature.base_string_uri(url), signature.normalize_parameters([*form.items(), *protocol])
        )
        signed = [*protocol, ("oauth_signature", signature.sign_hmac_sha1_with_client(base, client))]
        value: str = rfc5849.parameters.prepare_headers(signed)["Authorization"]
        return value
