"""Files as they are read through the API: their bytes, and that these are what was uploaded."""

from collections.abc import Iterator, Mapping

from conformance.properties import (
    Collection,
    NotExercised,
    Subject,
    assert_equal,
    assert_that,
    requirement,
)
from conformance.suite.netlify.deploying import FILES, Deploying, Files, digest_of
from conformance.suite.netlify.receiving import Site
from conformance.traffic.exchange import Exchange
from conformance.traffic.redact import is_redacted

LARGE = 256 * 1024
"""Bytes from which on a file that is known is too large to be read for a test."""

_BYTES = bytes(range(256)) + "\N{BYTE ORDER MARK}ü\r\n\r".encode()
"""What is no text, and what is changed where it is taken for text."""


@requirement("netlify.content-type.raw-media-type")
def test_the_raw_media_type_gives_the_bytes(subject: Subject) -> None:
    """Asked for plainly a file is a record; asked for by the raw media type, in either header, it is its bytes."""
    deploying = Deploying(subject.client, subject.contract)
    media_type = str(subject.conventions.media_types.raw)
    for site, path in _some_files(subject):
        plain = deploying.get_file(site, path)
        if not plain.response.ok:
            subject.client.control(plain)
        sha, size = plain.response.at("/sha"), plain.response.at("/size")
        assert_that(
            isinstance(sha, str) and isinstance(size, int),
            f"a file that is asked for plainly is no record of it: {path}",
            expected="a JSON record with sha and size",
            actual=plain.response.text,
            exchange=plain,
        )
        due = (str(sha).lower(), size)
        answers = [deploying.get_file(site, path, headers={name: media_type}) for name in ("Content-Type", "Accept")]
        if any(is_redacted(exchange.response.text, "") for exchange in answers):
            # What a secret was taken from is not as it came.
            continue
        raw = [exchange for exchange in answers if exchange.response.ok and _seen(exchange) == due]
        assert_that(
            bool(raw),
            f"{path} is answered with its bytes for the raw media type neither as Content-Type nor as Accept",
            expected=f"{size} bytes with the SHA1 {sha}",
            actual="; ".join(_told(exchange) for exchange in answers),
            exchange=answers[0],
        )


def _seen(exchange: Exchange) -> tuple[str, int]:
    """Digest and size of a body."""
    body = exchange.response.body
    return digest_of(body), len(body)


def _told(exchange: Exchange) -> str:
    sha, size = _seen(exchange)
    return f"{exchange.response.status}, {size} bytes with the SHA1 {sha}"


def _some_files(subject: Subject) -> Iterator[tuple[str, str]]:
    """Site and path of a file that is known, and of some of the run's own where it may write.

    Raises:
        NotExercised: there is none.
    """
    found = False
    for site in subject.session.parameters.get("site_id", ())[:1]:
        listing = Collection(
            subject.client, subject.contract.operation(FILES), subject.conventions.lists, {"site_id": site}
        )
        records = [one for one in listing.start.page.records if isinstance(one, dict)]
        sizes = {one["path"]: one.get("size") for one in records if isinstance(one.get("path"), str)}
        path = next((path for path, size in sizes.items() if isinstance(size, int) and 0 < size < LARGE), None)
        if path is not None:
            found = True
            yield site, path
    if "writes" in subject.session.capabilities:
        deploying = Deploying.of(subject)
        site, files = deploying.site(), {"/bytes.bin": deploying.unique() + _BYTES, "/sub/page.html": _page(deploying)}
        deploying.deployed(site, files)
        deploying.assert_live(site, files, "that was deployed to")
        found = True
        yield from ((site, path) for path in files)
    if not found:
        raise NotExercised("no file is known, and none may be deployed")


def _page(deploying: Deploying) -> bytes:
    """A page that post-processing would change: its links, its form, its head and body, its spaces."""
    return b"""<!DOCTYPE html>
<HTML><head><title>A page</title>  <link rel=stylesheet href="/main.css"></head>
<body><p>  %s  </p><!-- a comment -->
<a href="/sub/page.html">one</a> <a href='other.html'>two</a> <img src="/a.png">
<form name="contact" netlify><input name="email" type="email"></form>
</body></HTML>
""" % deploying.unique("Grüße")


@requirement("netlify.deploy-flow.files-are-originals")
def test_files_are_read_as_they_were_uploaded(subject: Subject) -> None:
    """A page of a site with a snippet and pretty URLs is the page that was uploaded: sha, size and bytes."""
    own = Site.new(subject)
    deploying, site, sites = own.deploying, own.id, own.deploying.sites
    assert sites is not None
    pretty = {"processing_settings": {"html": {"pretty_urls": True}}}
    subject.client.control(sites.call("update", site, body=pretty))
    snippets = own.things("snippet")
    subject.client.control(snippets.post({**snippets.body(), "general": "<script>/* conformance */</script>"}))
    files = {
        "/index.html": _page(deploying),
        "/sub/page.html": _page(deploying),
        "/main.css": b"/* %s */\nbody   { color : #FF0000 ; }\n\n" % deploying.unique().strip(),
    }
    deploying.deployed(site, files)
    deploying.assert_live(site, files, "with a snippet and pretty URLs")
    for path, content in files.items():
        record = subject.client.control(deploying.get_file(site, path))
        _assert_record(record, files, path)
        raw = deploying.raw(site, path)
        if raw is not None:
            assert_equal(raw, content, f"the bytes of {path}", exchange=subject.client.exchanges[-1])


def _assert_record(record: Exchange, files: Files, path: str) -> None:
    shown: Mapping[str, object] = {"sha": str(record.response.at("/sha")).lower(), "size": record.response.at("/size")}
    due = {"sha": digest_of(files[path]), "size": len(files[path])}
    assert_equal(dict(shown), due, f"sha and size of {path}", exchange=record)
