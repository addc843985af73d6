"""What a secret looks like: by the name it stands under, and by a form that its issuer gave it."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from detect_secrets.plugins.aws import AWSKeyDetector
from detect_secrets.plugins.azure_storage_key import AzureStorageKeyDetector
from detect_secrets.plugins.github_token import GitHubTokenDetector
from detect_secrets.plugins.gitlab_token import GitLabTokenDetector
from detect_secrets.plugins.pypi_token import PypiTokenDetector
from detect_secrets.plugins.sendgrid import SendGridDetector
from detect_secrets.plugins.slack import SlackDetector
from detect_secrets.plugins.square_oauth import SquareOAuthDetector
from detect_secrets.plugins.stripe import StripeDetector
from detect_secrets.plugins.telegram_token import TelegramBotTokenDetector


def _words_in(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")

_SECRET = frozenset(
    _words_in("""
    password passwords passwd passwds pwd pass passphrase passcode secret secrets token tokens credential credentials
    cred creds authorization bearer jwt jwts otp totp csrf xsrf cookie cookies signature sig hmac pat pin cvv cvc dsn
    psk mnemonic apikey apikeys accesskey accesskeys secretkey secretkeys privatekey privatekeys privkey signingkey
    encryptionkey masterkey accountkey authkey sharedkey servicekey serviceaccountkey storagekey clientkey consumerkey
    sessionkey appkey hmackey webhookkey deploymentkey licensekey recoverykey tlskey sslkey sessionid sessid
    kubeconfig dockerconfigjson dockercfg netrc htpasswd connectionstring connectionstrings connstring connstr
    connectionuri connectionurl databaseurl databaseuri dburl dburi redisurl mongourl mongouri mongodburl mongodburi
    postgresurl sasurl recoverycode recoverycodes backupcode backupcodes verificationcode securitycode
    subscriptionkey functionkey functionskey unsealkey unsealkeys pemkey magiclink securityanswer
    authcode authorizationcode devicecode codeverifier samlresponse samlassertion clientassertion seedphrase
    """)
)
"""Words, and pairs of words written as one, that name a secret wherever they stand in a name."""

_ENDINGS = ("password", "passwd", "passphrase", "secret", "token", "apikey", "accesskey", "secretkey", "privatekey")
"""What a word made of several ends with when it names a secret: `dbpassword`, `authtoken`."""

_PAGING = frozenset(_words_in("next prev previous page paging pagination continuation continue cursor sync skip start"))
"""A token of such a kind says where a list goes on."""

_CURSORS = _PAGING | {"after", "before"}
"""Words in the name of a cursor."""

_AMOUNTS = frozenset(_words_in("max min total num used input output prompt completion cached reasoning"))
"""Tokens of such a kind are counted, even where the count is text."""

_COUNTS = (["tokens"], ["pass"])
"""Last words of names that, when a number stands under them, count something."""

_DESCRIBES = frozenset(
    _words_in("""
    id ids uid uids uuid guid name names label title description type types kind status state method algorithm alg
    format version count counts length size total used usage remaining limit limits max min ttl in at on by expires
    expiry expiration expired age created updated deleted modified changed rotated revoked consent date time
    timestamp url urls uri endpoint
    path location host region scope scopes policy policies rule rules required enabled disabled valid invalid
    verified set
    missing present reset hint strength rotation scan scans scanning matches result results fingerprint prefix suffix
    var vars variable variables field header headers bucket provider server manager store settings config index
    position origin source user users username owner email team account
    """)
)
"""The last word of a name that tells something about a secret, and not the secret."""

_SAYS_NOTHING = frozenset({"", "true", "false", "null", "none", "undefined", "nil", "yes", "no", "0", "1"})


@lru_cache(maxsize=20_000)
def is_secret_name(name: str) -> bool:
    """Whether what stands under a name (`default_password`, `accessKey`, `X-Vendor-Token`) is a secret."""
    words = _words(name)
    if not words:
        return False
    pairs = [first + second for first, second in pairwise(words)]
    if words[-1] in _DESCRIBES and (not pairs or pairs[-1] not in _SECRET):
        return False
    return any(pair in _SECRET for pair in pairs) or any(
        _names_secret(word, before) for word, before in zip(words, ["", *words], strict=False)
    )


@lru_cache(maxsize=20_000)
def is_description(name: str) -> bool:
    """Whether a member of a secret thing tells about it without giving it away: `id`, `createdAt`, `token_type`."""
    words = _words(name)
    return bool(words) and words[-1] in _DESCRIBES and not is_secret_name(name)


def is_count(name: str) -> bool:
    """Whether a number under this name counts things: `tokens`."""
    return _words(name)[-1:] in _COUNTS


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name[-200:])]


def _names_secret(word: str, before: str) -> bool:
    if word == "token":
        return before not in _PAGING
    if word == "tokens":
        return before not in _AMOUNTS
    if word in _SECRET:
        return True
    ending = next((ending for ending in _ENDINGS if word.endswith(ending)), None)
    return ending is not None and not (ending == "token" and word.removesuffix(ending) in _PAGING)


def says_nothing(value: str) -> bool:
    """Whether a value gives no secret away, whatever its name: empty, a truth value, none."""
    return value.strip().lower() in _SAYS_NOTHING


def is_random(value: str) -> bool:
    """Whether a value reads like one made by a machine, and not like a word, a sentence or a number."""
    return len(value) >= 8 and bool(_DIGIT.search(value) and _LETTER.search(value))


_DIGIT, _LETTER = re.compile(r"\d"), re.compile(r"[A-Za-z]")

# Detectors of detect-secrets that look for what an issuer writes into its secrets, each with a text without which it
# finds nothing. Those that guess (by entropy, by keyword) would take ids for secrets.
_GITLAB = _words_in("glpat- gldt- glft- glsoat- glrt- glcbt- glimt- glptt- glagent- gloas-")
_ISSUED = (
    (("AccountKey=",), AzureStorageKeyDetector.denylist),
    (("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), GitHubTokenDetector.denylist),
    ((*_GITLAB, "GR1348941"), GitLabTokenDetector.denylist),
    (("pypi-",), PypiTokenDetector.denylist),
    (("SG.",), SendGridDetector.denylist),
    (("xox", "XOX", "hooks.slack.com"), SlackDetector.denylist),
    (("sq0csp-",), SquareOAuthDetector.denylist),
    (("k_live_",), StripeDetector.denylist),
    ((":AA",), TelegramBotTokenDetector.denylist),
)
_PREFIXES = _words_in(
    "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- npm_ nfp_ dop_v1_ hvs. xapp- sk- blob_rw_ shpat_ figd_ lin_api_"
)
# A long run of letters and digits, such as a cursor, holds by chance what only looks like a key.
_BEGINS = r"(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{2}))"
# What it has no detector for, or none that takes linear time or looks at what stands around.
_OWN = (
    (
        ("A3T", "ABIA", "ACCA", "AKIA", "ASIA"),
        rf"{_BEGINS}{AWSKeyDetector.denylist[0].pattern}(?![A-Za-z0-9])",
    ),
    # A token of three parts (JWS) or five (JWE): the first is a JSON object, and in a JWS the second is one too.
    (
        ("eyJ",),
        r"(?<![\w-])(?=[\w-]*eyJ)[\w-]++\.(?:eyJ[\w-]++(?:\.[\w-]*+)?|[\w-]*+\.[\w-]++\.[\w-]++\.[\w-]++)",
    ),
    (
        ("PRIVATE KEY",),
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
        # Not possessive: Python before 3.11.5 then takes too much (https://github.com/python/cpython/issues/106052).
        r"(?:(?!-----END)[A-Za-z0-9+/=\s:,.()\\-])*(?:-----END [A-Z0-9 ]{1,50}-----)?",
    ),
    (
        _PREFIXES,
        rf"(?<![A-Za-z0-9])(?:[a-z]{{2,20}}_)?(?:{'|'.join(map(re.escape, _PREFIXES))})"
        r"(?:[A-Za-z0-9]{1,12}[_-]){0,3}[A-Za-z0-9]{18,}+[\w-]*+",
    ),
    (("xox",), r"(?<![A-Za-z0-9])xox[a-z]-[\w-]{10,}+"),
    (
        ("_live_", "_test_", "_prod_", "whsec_"),
        r"(?<![A-Za-z0-9])(?:[a-z]{2,10}_(?:live|test|prod)|whsec)_[A-Za-z0-9+/=]{16,}+",
    ),
    (("AIza",), rf"{_BEGINS}AIza[\w-]{{30,}}+"),
    (("ya29.",), r"ya29\.[\w.-]{20,}+"),
)
_FORMS: tuple[tuple[tuple[str, ...], tuple[re.Pattern[str], ...]], ...] = (
    *((signs, tuple(patterns)) for signs, patterns in _ISSUED),
    *((signs, (re.compile(pattern),)) for signs, pattern in _OWN),
)


_STEMS = _words_in(
    """
    pass pwd secret token cred auth bearer basic jwt otp csrf xsrf cookie sig hmac pat pin cvv cvc dsn psk mnemonic key
    sess kube docker magic answer service unseal pem netrc conn database dbur db_ur db-ur redis mongo postgres
    sas code saml assertion phrase
    curl
    """
)
HINTS = (*_STEMS, *dict.fromkeys(sign.lower() for signs, _ in _FORMS for sign in signs), "@")


def hints(text: str, among: tuple[str, ...] = HINTS) -> tuple[str, ...]:
    """Signs that a text may hold a secret. Without any it holds none that its name or its form would tell."""
    lowered = text.lower()
    return tuple([hint for hint in among if hint in lowered])


def without_known_forms(text: str, mark: str) -> str:
    """The text with a mark in place of each value that bears its issuer's form: `ghp_…`, `AKIA…`, a JWT, a private key.

    No mark takes the place of a quotation mark, so that JSON stays JSON. What stands under the name of a cursor is one,
    in whatever form: a signed cursor may be a JWT.
    """
    for signs, patterns in _FORMS:
        for sign in signs:
            if sign in text:
                for pattern in patterns:
                    text = pattern.sub(lambda match: match[0] if _is_cursor(match) else mark, text)
                break
    return text


def _is_cursor(match: re.Match[str]) -> bool:
    before = _VALUE_OF.search(match.string[max(0, match.start() - 60) : match.start()])
    return before is not None and is_cursor(before["name"], match[0])


def is_cursor(name: str, value: str) -> bool:
    """Whether a value is one piece, and stands under the name of a cursor."""
    return not _CURSORS.isdisjoint(_words(name)) and bool(_PIECE.fullmatch(value))


_VALUE_OF = re.compile(r"(?P<name>[\w.-]+)(?:=|\"\s*:\s*\")$")
_PIECE = re.compile(r"[\w.~+/=-]+")
