"""Signing in by another identity provider: OpenID Connect, code flow with PKCE (decision 0021)."""

from gateway.single_sign_on.flow import LOGOUT_KEPT, SingleSignOn

__all__ = ["LOGOUT_KEPT", "SingleSignOn"]
