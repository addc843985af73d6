"""A certificate to submit: written out, so that a recording of it depends on no library."""

from __future__ import annotations

HOST = "conformance.example.com"

CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBGjCBzaADAgECAgEBMAUGAytlcDAiMSAwHgYDVQQDDBdjb25mb3JtYW5jZS5l
eGFtcGxlLmNvbTAgFw0yMDAxMDEwMDAwMDBaGA8yMDk5MDEwMTAwMDAwMFowIjEg
MB4GA1UEAwwXY29uZm9ybWFuY2UuZXhhbXBsZS5jb20wKjAFBgMrZXADIQC0Hbzj
ZX2H3uOFmtBwRrYHb/Hqhi2rjdaTpj5OljS4XqMmMCQwIgYDVR0RBBswGYIXY29u
Zm9ybWFuY2UuZXhhbXBsZS5jb20wBQYDK2VwA0EAsibIcq8Xqlv3HWu7SmaSnMA4
fH+KiqfUheqDi9WqwWZGT78vn4ofggwNhg8P93NtTr4/dxXOEmZxJ0r3MaHdBg==
-----END CERTIFICATE-----
"""
"""For the host, valid from 2020 to 2099 and its own CA."""

KEY = """\
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIHSZzUTET+9K1vT3W9TAzDxzpzKg0GnPCBlPeYx1720q
-----END PRIVATE KEY-----
"""
"""Of the certificate; it guards nothing."""

PARTS = {"ca": CERTIFICATE, "cert": CERTIFICATE, "key": KEY}
"""The body of a submission."""
