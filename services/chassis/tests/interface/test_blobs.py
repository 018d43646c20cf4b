"""The store of large things, in a folder and in a bucket of a real server that speaks S3."""

import hashlib
import os
import resource
import signal
import subprocess
import sys

import pytest
import requests
from environs import Env, EnvError
from eventlet import tpool

from chassis.blobs.bucket import PART
from chassis.blobs.faults import BlobGone, StoreFull, StoreUnavailable
from chassis.blobs.settings import Place, read_place
from chassis.blobs.store import plain_store
from chassis.testing import until
from deploy.local import ports

KEY = "0190ab-cd"


@pytest.fixture(scope="module")
def s3():
    """The address of a server with one bucket."""
    port = str(ports.free(1)[0])
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", port]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            until(lambda: _answers(f"http://127.0.0.1:{port}/moto-api/"), 60)
            requests.put(f"http://127.0.0.1:{port}/box", timeout=10).raise_for_status()
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=5).ok
    except requests.RequestException:
        return False


def bucket(endpoint: str) -> Place:
    return Place(bucket="box", prefix="files", endpoint=endpoint, key="key", secret="secret")


@pytest.fixture(params=["folder", "bucket"])
def store(request, tmp_path):
    """As services have it: in real threads."""
    place = Place(folder=str(tmp_path)) if request.param == "folder" else bucket(request.getfixturevalue("s3"))
    return tpool.Proxy(plain_store(place), autowrap_names=("begin", "open"))


def read(store, *part: int) -> bytes:
    source, found = store.open(KEY, *part), b""
    try:
        while piece := source.read(500_000):
            assert len(piece) <= 500_000
            found += piece
    finally:
        source.close()
    return found


def test_what_was_written_is_read_whole_and_in_parts(store):
    content = os.urandom(PART + 5000)
    writer = store.begin(KEY)
    for start in range(0, len(content), 1_000_000):
        writer.write(content[start : start + 1_000_000])
    assert writer.commit() == hashlib.sha256(content).hexdigest()
    assert writer.size == store.size(KEY) == len(content)
    assert read(store) == content
    assert read(store, 0, 1) == content[:1]
    assert read(store, PART, 3000) == content[PART : PART + 3000]
    assert read(store, PART) == content[PART:]


def test_nothing_is_there_before_all_of_it_is(store):
    store.remove(KEY)
    writer = store.begin(KEY)
    writer.write(b"half of it")
    with pytest.raises(BlobGone):
        store.open(KEY)
    writer.abandon()
    with pytest.raises(BlobGone):
        store.size(KEY)


def test_what_is_removed_is_gone_and_may_be_removed_again(store):
    writer = store.begin(KEY)
    writer.write(b"x")
    writer.commit()
    store.remove(KEY)
    store.remove(KEY)
    with pytest.raises(BlobGone):
        store.open(KEY)


def test_a_folder_has_nothing_that_others_may_read_or_anybody_run(tmp_path):
    store = plain_store(Place(folder=str(tmp_path)))
    writer = store.begin(KEY)
    writer.write(b"x")
    writer.commit()
    [path] = tmp_path.glob("??/*")
    assert (path.name, path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (KEY, 0o600, 0o700)
    assert list((tmp_path / "incoming").iterdir()) == []


@pytest.mark.parametrize("key", ["", "../x", "a/b", "A", "a.b", "-a", "incoming/x", "a" * 101])
def test_a_key_is_no_path(tmp_path, key):
    with pytest.raises(ValueError, match="no key"):
        plain_store(Place(folder=str(tmp_path))).begin(key)


def test_a_folder_forgets_what_a_crash_left(tmp_path):
    store = plain_store(Place(folder=str(tmp_path)))
    old, new = store.begin(KEY), store.begin(KEY)
    [first, _] = sorted((tmp_path / "incoming").iterdir(), key=lambda path: path.stat().st_ino)
    os.utime(first, (0, 0))
    store.tidy(3600)
    assert len(list((tmp_path / "incoming").iterdir())) == 1
    old.abandon()
    new.abandon()


@pytest.fixture
def small_disk():
    """The system admits files of 64 KiB: whoever writes more is told so as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65536, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path, small_disk):
    writer = plain_store(Place(folder=str(tmp_path))).begin(KEY)
    with pytest.raises(StoreFull):
        writer.write(bytes(100_000))
    writer.abandon()
    assert list(tmp_path.rglob("*")) == [tmp_path / "incoming"]


def test_a_store_that_is_away_is_told():
    store = plain_store(bucket(f"http://127.0.0.1:{ports.free(1)[0]}"))
    with pytest.raises(StoreUnavailable):
        tpool.execute(store.size, KEY)
    with pytest.raises(StoreUnavailable):
        plain_store(Place(folder="/proc/nowhere")).begin(KEY)


def place(monkeypatch, **given: str) -> Place | None:
    for name, value in given.items():
        monkeypatch.setenv(f"CONGVU_{name}", value)
    env = Env()
    with env.prefixed("CONGVU_"):
        return read_place(env)


def test_a_place_is_a_folder_or_a_bucket(monkeypatch, tmp_path):
    assert place(monkeypatch) is None
    assert place(monkeypatch, FILES=str(tmp_path)) == Place(folder=str(tmp_path))
    given = {"FILES_S3_ENDPOINT": "http://s3.example", "FILES_S3_KEY": "k", "FILES_S3_SECRET": "top secret"}
    found = place(monkeypatch, FILES="s3://box/some/where/", **given)
    assert (found.bucket, found.prefix, found.endpoint) == ("box", "some/where", "http://s3.example")
    assert "top secret" not in repr(found)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"FILES": "relative"}, "FILES"),
        ({"FILES": "/nowhere/at/all"}, "FILES"),
        ({"FILES": "s3://"}, "FILES"),
        ({"FILES": "s3://box"}, "FILES_S3_KEY"),
        ({"FILES": "s3://box", "FILES_S3_KEY": "k", "FILES_S3_SECRET": "s", "FILES_S3_ENDPOINT": "x"}, "S3_ENDPOINT"),
    ],
)
def test_a_wrong_place_is_refused_at_the_start(monkeypatch, given, named):
    with pytest.raises(EnvError, match=named):
        place(monkeypatch, **given)
