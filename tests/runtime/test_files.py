"""Files: what arrives at the server when one is sent, and what is on the disk when one was fetched, whatever happens on the way."""

from __future__ import annotations

import asyncio
import email
import email.policy
import io
import os
import pickle
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import pytest
from clean_environment import quiet_environment
from http_servers import OK, Got, Say, Server, serving
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from lxml import etree

from freshbooks_classic import (
    NEVER,
    ArgumentError,
    AsyncFreshBooks,
    Error,
    File,
    FreshBooks,
    NetworkError,
    NotFoundError,
    StreamConsumedError,
    Upload,
    invoice,
    receipt,
    wire,
)
from freshbooks_classic.runtime.multipart import encode
from freshbooks_classic.runtime.request import EmptyResponse, Method
from freshbooks_classic.runtime.scalars import Binary
from freshbooks_classic.runtime.schema import RecordSchema, field_spec
from xmlwright import settings as settings_of
from xmlwright.pipeline import stages as pipeline

__all__ = ["quiet_environment"]

ROOT = Path(__file__).parents[2]
TOKEN = "5ae1b3c0d9f8472e96c3b7a4f0d21e88"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4 + b"\r\n--part-0---\r\n"
JPEG = b"\xff\xd8\xff\xe0" + bytes(range(255, -1, -1))
PDF = b"%PDF-1.4\n" + bytes(range(256)) * 1200 + b"\n%%EOF"  # more than one piece of a stream
pytestmark = pytest.mark.usefixtures("quiet_environment")


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(OK) as running:
        yield running


@pytest.fixture
def fb(server: Server) -> Iterator[FreshBooks]:
    with FreshBooks("sample", token=TOKEN, url=server.url) as client:
        yield client


def parts_of(got: Got) -> list[EmailMessage]:
    """The parts of a request, as the standard library reads them."""
    head = f"Content-Type: {got.headers['content-type']}\r\nMIME-Version: 1.0\r\n\r\n".encode()
    message = email.message_from_bytes(head + got.body, policy=email.policy.HTTP)
    assert message.get_content_type() == "multipart/related"
    assert message.get_param("type") == "application/xml"
    assert not message.defects
    parts = cast(list[EmailMessage], list(message.iter_parts()))
    assert not [part.defects for part in parts if part.defects]
    return parts


def sent(server: Server) -> tuple[etree._Element, EmailMessage]:
    """Document and file of the last request."""
    document, file = parts_of(server.got[-1])
    assert document.get_content_type() == "application/xml"
    root = etree.fromstring(content_of(document))
    reference = root.findtext("*/image")
    assert reference is not None
    assert file["Content-ID"] == f"<{reference.removeprefix('cid:')}>"
    assert reference.startswith("cid:")
    assert file.get_content_disposition() == "attachment"
    return root, file


def content_of(part: EmailMessage) -> bytes:
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content


def name_of(part: EmailMessage) -> str:
    """The file's name as a reader of RFC 6266 takes it: the extended parameter, else the plain one."""
    header = str(dict(part.raw_items())["Content-Disposition"])
    message = email.message_from_string(
        f"Content-Disposition: {header}\n\n", policy=email.policy.HTTP
    )
    extended = [
        piece.strip() for piece in header.split(";") if piece.strip().startswith("filename*=")
    ]
    if extended:
        message = email.message_from_string(
            f"Content-Disposition: attachment; {extended[0]}\n\n", policy=email.policy.HTTP
        )
    return str(message.get_filename())


# Sending


class _Pipe(io.RawIOBase):
    """A file that can be read once and not rewound."""

    def __init__(self, content: bytes) -> None:
        self._rest = content

    def readable(self) -> bool:
        return True

    def readall(self) -> bytes:
        rest, self._rest = self._rest, b""
        return rest


def test_every_kind_of_file_arrives_whole_with_its_name_and_type(
    fb: FreshBooks, server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "boards.png"
    path.write_bytes(PNG)
    (tmp_path / "no ending").write_bytes(JPEG)
    (tmp_path / "lies.png").write_bytes(PDF)
    with path.open("rb") as opened, path.open("rb", buffering=0) as raw:
        opened_at_4 = io.BytesIO(b"skip" + PNG)
        opened_at_4.seek(4)
        kinds: list[tuple[Any, bytes, str, str]] = [
            (path, PNG, "boards.png", "image/png"),
            (opened, PNG, "boards.png", "image/png"),
            (raw, PNG, "boards.png", "image/png"),
            (tmp_path / "no ending", JPEG, "no ending", "image/jpeg"),
            (tmp_path / "lies.png", PDF, "lies.png", "application/pdf"),
            (PNG, PNG, "image.png", "image/png"),
            (bytearray(JPEG), JPEG, "image.jpg", "image/jpeg"),
            (memoryview(PDF), PDF, "image.pdf", "application/pdf"),
            (io.BytesIO(PDF), PDF, "image", "application/pdf"),
            (opened_at_4, PNG, "image", "image/png"),
            (_Pipe(PNG), PNG, "image", "image/png"),
            (Upload(b"any bytes", "a.jpeg"), b"any bytes", "a.jpeg", "image/jpeg"),
            (Upload(b"any bytes", "a", "application/pdf"), b"any bytes", "a", "application/pdf"),
            (Upload(PNG, "named.pdf", "image/jpeg"), PNG, "named.pdf", "image/jpeg"),
        ]
        for value, content, name, media in kinds:
            assert fb.receipt.create(905, image=value) is None
            root, file = sent(server)
            shown = f"{value!r:.60}"
            assert content_of(file) == content, shown
            assert (name_of(file), file.get_content_type()) == (name, media), shown
            assert root.get("method") == "receipt.create"
            assert root.findtext("receipt/expense_id") == "905"
    assert len(server.got) == len(kinds)


def test_the_asynchronous_client_sends_the_same_bytes(server: Server, fb: FreshBooks) -> None:
    async def send() -> None:
        async with AsyncFreshBooks("sample", token=TOKEN, url=server.url) as afb:
            await afb.receipt.update(905, image=io.BytesIO(PNG))

    asyncio.run(send())
    fb.receipt.update(905, image=io.BytesIO(PNG))
    first, second = server.got
    assert (first.body, first.headers["content-type"]) == (
        second.body,
        second.headers["content-type"],
    )


NAMES = [
    'quote".png',
    "back\\slash.png",
    "line\r\nX-Evil: 1\r\n\r\n.png",
    "semi;colon=and, comma.png",
    "reçu d'été.png",
    "領収書.png",
    "🧾.png",
    "per%20cent.png",
    "nul\x00.png",
    "broken\udcff.png",
    " ",
    "",
]


@settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60
)
@given(st.text(max_size=30) | st.sampled_from(NAMES))
@example(NAMES[0])
@example(NAMES[2])
@example(NAMES[9])
def test_no_name_of_a_file_breaks_the_message_or_is_read_as_another(name: str) -> None:
    request = receipt.create(905, image=Upload(PNG, name, "image/png"))
    body, media = encode(request.xml, request.parts)
    _, file = parts_of(Got("/", {"content-type": media}, body, 0))
    assert content_of(file) == PNG
    assert sorted(file.keys()) == ["Content-Disposition", "Content-ID", "Content-Type"]
    printable = "".join(char if char.isprintable() else "_" for char in name).strip() or "file"
    assert name_of(file) == printable
    raw = body.split(b"\r\n\r\n")[1]
    assert raw.isascii() or not raw


@settings(deadline=None, max_examples=60)
@given(
    st.binary(min_size=1, max_size=60)
    | st.sampled_from([b"--part-0-", b"\r\n--part-0---\r\n", b"--part-0-part-1-part-2-"])
)
def test_no_content_of_a_file_ends_its_part(content: bytes) -> None:
    request = receipt.create(905, image=Upload(content, "a.png", "image/png"))
    body, media = encode(request.xml, request.parts)
    document, file = parts_of(Got("/", {"content-type": media}, body, 0))
    assert content_of(file) == content
    assert etree.fromstring(content_of(document)).tag == "request"


def test_a_repeated_request_has_the_whole_file_again(tmp_path: Path) -> None:
    answers = [Say(b"", 503), Say(b"", 503), Say(OK)]
    (tmp_path / "boards.png").write_bytes(PNG)
    with serving(lambda got: answers.pop(0)) as server:
        with FreshBooks("sample", token=TOKEN, url=server.url) as fb:
            with (tmp_path / "boards.png").open("rb") as file:
                fb.receipt.update(905, image=file)
    assert len(server.got) == 3
    assert [content_of(parts_of(got)[1]) for got in server.got] == [PNG] * 3


def test_a_request_made_of_an_open_file_can_be_sent_again_and_later(
    fb: FreshBooks, server: Server
) -> None:
    with io.BytesIO(PNG) as file:
        request = receipt.create(905, image=file)
    fb.send(request)
    fb.send(request)
    assert [content_of(parts_of(got)[1]) for got in server.got] == [PNG, PNG]
    assert f"{len(PNG)} bytes" in fb.explain(request)


def wrong_files(folder: Path) -> dict[str, tuple[Any, str]]:
    """Kind of a wrong file -> it, and what has to be said of it."""
    used_up = io.BytesIO(PNG)
    used_up.read()
    (folder / "empty.png").write_bytes(b"")
    (folder / "notes.txt").write_text("no receipt")
    accepted = "image/png or image/jpeg or application/pdf"
    return {
        "path as text": ("boards.png", "pathlib.Path"),
        "nothing there": (folder / "none.png", "No such file or directory"),
        "folder": (folder, "Is a directory"),
        "empty path": (folder / "empty.png", "not empty"),
        "empty bytes": (b"", "not empty"),
        "empty Upload": (Upload(b"", "a.png"), "not empty"),
        "read to its end": (used_up, "not read to its end"),
        "text file": (io.StringIO("text"), "binary mode"),
        "file that gives text": (_Texts(), "binary mode"),
        "number": (5, "not int"),
        "list": ([PNG], "not list"),
        "another type": (folder / "notes.txt", f"{accepted}, not text/plain"),
        "bytes of another type": (b"GIF89a....", f"{accepted}, not image/gif"),
        "open file of another type": (io.BytesIO(b"text"), "not application/octet-stream"),
        "Upload of another type": (Upload(PNG, "a.png", "text/html"), f"{accepted}, not text/html"),
        "None": (None, "is required"),
    }


class _Texts:
    """Something to read that is no text file by its class, but gives text."""

    def read(self) -> str:
        return "text"


def test_what_is_no_receipt_is_refused_and_nothing_is_sent(
    fb: FreshBooks, server: Server, tmp_path: Path
) -> None:
    for kind, (value, said) in wrong_files(tmp_path).items():
        with pytest.raises(ArgumentError) as caught:
            fb.receipt.create(905, image=value)
        [problem] = caught.value.problems
        assert (problem.path, caught.value.method) == ("image", "receipt.create"), kind
        assert said in problem.message, kind
    assert server.got == []


def test_a_file_is_told_among_all_that_is_wrong_and_an_open_one_is_still_whole_afterwards(
    fb: FreshBooks, server: Server, tmp_path: Path
) -> None:
    file = io.BytesIO(PNG)
    with pytest.raises(ArgumentError) as caught:
        fb.receipt.create("905", image=file)  # type: ignore[arg-type]
    assert [problem.path for problem in caught.value.problems] == ["expense_id"]
    with pytest.raises(ArgumentError) as caught:
        fb.receipt.create("905", image=tmp_path / "none.png")  # type: ignore[arg-type]
    assert [problem.path for problem in caught.value.problems] == ["expense_id", "image"]
    fb.receipt.create(905, image=file)
    assert content_of(sent(server)[1]) == PNG


def test_without_validation_types_are_the_servers_matter_but_headers_stay_whole(
    fb: FreshBooks, server: Server
) -> None:
    careless = fb.with_options(validate=False)
    careless.receipt.create(905, image=Upload(b"text", "a.txt"))
    assert sent(server)[1].get_content_type() == "text/plain"
    for media in (
        "image/png\r\nX-Evil: 1",
        "image",
        "image/",
        "/png",
        "image/png\x00",
        "ïmage/png",
    ):
        with pytest.raises(ArgumentError, match="media type"):
            Upload(PNG, "a.png", media)
    with pytest.raises(ArgumentError, match="should be bytes"):
        Upload("text", "a.txt")  # type: ignore[arg-type]
    assert len(server.got) == 1


def test_the_largest_size_of_the_description_is_kept() -> None:
    """The API described here names no size, so the method is one of the test's own."""
    method: Method[None] = Method(
        receipt.create(5, image=PNG).endpoint.protocol,
        "receipt.create",
        RecordSchema(
            "receipt.create", None, [field_spec("image", Binary(), access="cu", max_bytes=len(PNG))]
        ),
        EmptyResponse(),
        retry="safe",
    )
    assert method.problems({"image": PNG}) == ()
    [problem] = method.problems(method.request({"image": io.BytesIO(PNG + b"!")}).values)
    assert problem.message == f"should have at most {len(PNG):,} bytes, not {len(PNG) + 1:,}"


@pytest.mark.parametrize(
    ("keys", "rules"),
    [
        ("type: binary, media: [image/png, application/pdf], max_bytes: 1000", []),
        ("type: binary, media: [image/png]", ["case-arguments"]),
        ("type: binary, media: [picture, image/PNG]", ["bad-media", "bad-media"]),
        ("type: binary, max_bytes: 0", ["wrong-type"]),
        ("type: binary, max_byte: 5", ["unknown-key"]),
        ("type: text, media: [image/png], max_bytes: 5", ["contradiction", "contradiction"]),
    ],
)
def test_the_language_says_which_files_are_taken(keys: str, rules: list[str]) -> None:
    path = ROOT / "schema" / "resources" / "receipt.yaml"
    before, _, after = path.read_text(encoding="utf-8").partition("      image: {type: binary,")
    line, _, rest = after.partition("media: [image/png, image/jpeg, application/pdf],")
    _, diagnostics = pipeline.validate(
        settings_of.find(ROOT), texts={path: f"{before}      image: {{{keys},{line}{rest}"}
    )
    assert [item.rule for item in diagnostics] == rules


# Fetching


def binary(content: bytes, **facts: Any) -> Say:
    return Say(content, headers={"Content-Type": "application/pdf"}, **facts)


FAILURE = (
    b'<response xmlns="http://www.freshbooks.com/api/" status="fail"><error>Invoice not found.</error>'
    b"<code>50010</code></response>"
)


@contextmanager
def fetching(say: Say) -> Iterator[FreshBooks]:
    """A client of a server that gives one answer."""
    with serving(say) as server:
        with FreshBooks("sample", token=TOKEN, url=server.url, retry=NEVER) as fb:
            yield fb


def test_a_file_is_saved_whole_and_says_how_many_bytes(tmp_path: Path) -> None:
    with fetching(binary(PDF)) as fb:
        for target in (tmp_path / "a.pdf", str(tmp_path / "b.pdf")):
            file = fb.invoice.get_pdf(344)
            assert file.media == "application/pdf"
            assert file.save(target) == len(PDF)
            assert Path(target).read_bytes() == PDF
    assert sorted(path.name for path in tmp_path.glob("*")) == ["a.pdf", "b.pdf", "home"]


@pytest.mark.parametrize("there", [True, False], ids=["over an old file", "as a new file"])
@pytest.mark.parametrize("cut", [0, 100, 65_536, 200_000])
def test_a_connection_that_breaks_leaves_what_was_there(
    there: bool, cut: int, tmp_path: Path
) -> None:
    folder = tmp_path / "invoices"
    folder.mkdir()
    target = folder / "invoice.pdf"
    if there:
        target.write_bytes(b"the old one")
    with fetching(binary(PDF, cut=cut)) as fb:
        with pytest.raises(NetworkError) as caught:
            fb.invoice.get_pdf(344).save(target)
        assert caught.value.method == "invoice.getPDF"
    assert [path.name for path in folder.iterdir()] == (["invoice.pdf"] if there else [])
    if there:
        assert target.read_bytes() == b"the old one"


def test_half_a_file_never_passes_as_a_whole_one() -> None:
    with fetching(binary(PDF, cut=200_000)) as fb:
        file = fb.invoice.get_pdf(344)
        with pytest.raises(NetworkError):
            _ = file.content
        with pytest.raises(StreamConsumedError):
            _ = file.content
        with pytest.raises(StreamConsumedError):
            list(file.chunks())


@pytest.mark.parametrize(
    ("say", "kind"),
    [
        (Say(FAILURE), NotFoundError),
        (binary(FAILURE), NotFoundError),
        (binary(b"\xef\xbb\xbf\r\n  " + FAILURE), NotFoundError),
        (Say(OK), Error),
        (Say(b"<html><body>Down for maintenance</body></html>", headers={"Content-Type": "text/html"}), Error),
        (Say(b"<!doctype html><p>oops"), Error),
        (binary(b""), Error),
        (Say(b"", 302, {"Location": "https://example.com/"}), Error),
        (binary(PDF, status=500), Error),
    ],
    ids=[
        "failure", "failure called a PDF", "failure after a byte order mark", "ok without a file", "HTML page", "broken HTML", "empty",
        "redirect", "file with an error status",
    ],
)  # fmt: skip
def test_whatever_comes_in_place_of_a_file_raises_and_writes_nothing(
    say: Say, kind: type[Error], tmp_path: Path
) -> None:
    target = tmp_path / "invoice.pdf"
    target.write_bytes(b"the old one")
    with fetching(say) as fb:
        for method in (fb.invoice.get_pdf, fb.estimate.get_pdf, fb.receipt.get):
            with pytest.raises(kind) as caught:
                method(344).save(target)
            assert caught.value.status == say.status
            assert caught.value.method is not None
    assert target.read_bytes() == b"the old one"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "invoice.pdf"]


def test_chunks_come_in_pieces_and_once() -> None:
    with fetching(binary(PDF)) as fb:
        file = fb.invoice.get_pdf(344)
        assert "not yet fetched" in repr(file)
        chunks = list(file.chunks())
        assert b"".join(chunks) == PDF
        assert len(chunks) > 1
        assert "already read" in repr(file)
        with pytest.raises(StreamConsumedError, match="getPDF"):
            file.chunks()


def test_content_can_be_used_again_and_again(tmp_path: Path) -> None:
    with fetching(binary(PDF)) as fb:
        file = fb.invoice.get_pdf(344)
        assert file.content == file.content == b"".join(file.chunks()) == PDF
    assert file.save(tmp_path / "a.pdf") == file.save(tmp_path / "b.pdf") == len(PDF)
    assert pickle.loads(pickle.dumps(file)) == file
    assert file != File(PDF[:-1], file.media)


def test_saving_twice_is_an_error_and_not_an_empty_file(tmp_path: Path) -> None:
    for size in (10, len(PDF)):
        with fetching(binary(PDF[:size])) as fb:
            file = fb.invoice.get_pdf(344)
            file.save(tmp_path / "first.pdf")
            with pytest.raises(StreamConsumedError):
                file.save(tmp_path / "second.pdf")
        assert (tmp_path / "first.pdf").read_bytes() == PDF[:size]
        assert not (tmp_path / "second.pdf").exists()


def test_a_file_that_is_not_wanted_lets_the_connection_go() -> None:
    with fetching(binary(PDF)) as fb:
        with fb.invoice.get_pdf(344) as file:
            assert PDF.startswith(next(file.chunks()))
        with fb.invoice.get_pdf(344) as unread:
            pass
        for left in (file, unread):
            with pytest.raises(StreamConsumedError):
                _ = left.content
        assert fb.invoice.get_pdf(344).content == PDF


class _Bits(io.RawIOBase):
    """A raw file that takes a few bytes at a time, as a pipe may."""

    def __init__(self) -> None:
        self.taken = b""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.taken += bytes(data[:1000])
        return min(len(data), 1000)


class _Silent:
    """Something that can be written to and does not say how much it took."""

    def __init__(self) -> None:
        self.taken = b""

    def write(self, data: bytes) -> None:
        self.taken += data


def test_open_files_take_all_of_it(tmp_path: Path) -> None:
    with fetching(binary(PDF)) as fb:
        memory, bits, silent = io.BytesIO(), _Bits(), _Silent()
        with (tmp_path / "open.pdf").open("wb") as opened:
            for target in (memory, bits, silent, opened):
                assert fb.invoice.get_pdf(344).save(target) == len(PDF)  # type: ignore[arg-type]
        assert memory.getvalue() == bits.taken == silent.taken == PDF
        assert (tmp_path / "open.pdf").read_bytes() == PDF
        file = fb.invoice.get_pdf(344)
        for wrong in (io.StringIO(), 5, None):
            with pytest.raises(ArgumentError, match="binary mode"):
                file.save(wrong)  # type: ignore[arg-type]
        assert file.save(tmp_path / "after all.pdf") == len(PDF)


def test_a_new_file_has_the_permissions_of_new_files_and_an_old_one_keeps_its_own(
    tmp_path: Path,
) -> None:
    new, private = tmp_path / "new.pdf", tmp_path / "private.pdf"
    private.write_bytes(b"old")
    private.chmod(0o600)
    before = os.umask(0o027)
    try:
        File(PDF).save(new)
        File(PDF).save(private)
    finally:
        os.umask(before)
    assert stat.S_IMODE(new.stat().st_mode) == 0o640
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert private.read_bytes() == PDF


def test_a_link_stays_a_link_and_a_pipe_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    link = tmp_path / "latest.pdf"
    link.symlink_to(tmp_path / "store" / "invoice.pdf")
    File(PDF).save(link)
    assert link.is_symlink()
    assert (tmp_path / "store" / "invoice.pdf").read_bytes() == PDF

    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[bytes] = []
    thread = threading.Thread(target=lambda: got.append(pipe.read_bytes()), daemon=True)
    thread.start()
    assert File(PDF).save(pipe) == len(PDF)
    thread.join(60)
    assert got == [PDF]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    File(PDF).save("/dev/null")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_where_nothing_can_be_written_nothing_is_fetched(tmp_path: Path) -> None:
    with fetching(binary(PDF)) as fb:
        file = fb.invoice.get_pdf(344)
        for target in (tmp_path / "no such folder" / "a.pdf", tmp_path):
            with pytest.raises(OSError, match=r"No such file|Is a directory"):
                file.save(target)
        assert file.save(tmp_path / "a.pdf") == len(PDF)


def test_the_asynchronous_client_saves_the_same_file(tmp_path: Path) -> None:
    async def fetch(url: str) -> None:
        async with AsyncFreshBooks("sample", token=TOKEN, url=url) as afb:
            file = await afb.invoice.get_pdf(344)
            file.save(tmp_path / "a.pdf")
        assert file.media == "application/pdf"

    with serving(binary(PDF)) as server:
        asyncio.run(fetch(server.url))
    assert (tmp_path / "a.pdf").read_bytes() == PDF


def test_the_methods_that_answer_files_are_these() -> None:
    files = [name for name, method in wire.METHODS.items() if method.response.binary]
    assert files == ["estimate.getPDF", "invoice.getPDF", "receipt.get"]
    assert invoice.get_pdf(344).parse(PDF).content == PDF
