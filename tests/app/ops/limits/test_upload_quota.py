import gc

import pytest

from maskdet_app.ops.limits.upload_quota import (
    MAX_VISIT_BYTES,
    QuotaReachedError,
    UploadLimits,
    UploadQuota,
    default_limits,
)

LIMITS = UploadLimits(visit=100, address=150, server=200)


class Batch:
    def __init__(self, *file_ids: str) -> None:
        self.file_ids = set(file_ids)
        self.removed_ids: set[str] = set()

    def __contains__(self, file_id: str, /) -> bool:
        return file_id in self.file_ids | self.removed_ids

    def discard_removed(self) -> None:
        self.removed_ids.clear()


class Streamlit:
    """Stands for Streamlit's store of uploaded files."""

    def __init__(self) -> None:
        self.files: dict[tuple[str, str], int] = {}
        self.clock_s = 0.0
        self.quota = UploadQuota(LIMITS, clock=lambda: self.clock_s)
        self.quota.stored = lambda: self.files

    def upload(self, session: str, file: str, n_bytes: int, address: str = "a") -> None:
        upload = self.quota.begin(session, file, address)
        accepted = False
        try:
            self.quota.add(upload, n_bytes)
            self.files[session, file] = n_bytes
            accepted = True
        finally:
            self.quota.end(upload, accepted=accepted)


@pytest.fixture
def server() -> Streamlit:
    return Streamlit()


def test_visit_address_and_server_have_quotas(server: Streamlit) -> None:
    server.upload("s1", "f1", 90)
    with pytest.raises(QuotaReachedError) as visit:
        server.upload("s1", "f2", 20)
    server.upload("s2", "f1", 50)
    with pytest.raises(QuotaReachedError) as address:
        server.upload("s3", "f1", 20)
    server.upload("s3", "f1", 50, "b")
    with pytest.raises(QuotaReachedError) as whole:
        server.upload("s4", "f1", 20, "c")
    assert [error.value.bound for error in (visit, address, whole)] == [
        "visit",
        "address",
        "server",
    ]
    assert server.quota.used("server") == 190


def test_bytes_count_while_they_arrive(server: Streamlit) -> None:
    uploads = [server.quota.begin("s1", f"f{n}", "a") for n in range(3)]
    for upload in uploads[:2]:
        server.quota.add(upload, 50)
    with pytest.raises(QuotaReachedError):
        server.quota.add(uploads[2], 1)
    for upload in uploads:
        server.quota.end(upload, accepted=False)
    assert server.quota.used("server") == server.quota.used("visit", "s1") == 0


def test_announced_size_is_refused_before_it_arrives(server: Streamlit) -> None:
    with pytest.raises(QuotaReachedError):
        server.quota.begin("s1", "f1", "a", expected=101)
    assert server.quota.used("server") == 0


def test_files_that_streamlit_drops_are_released(server: Streamlit) -> None:
    server.upload("s1", "f1", 90)
    server.files.clear()
    server.upload("s1", "f2", 90)
    assert server.quota.used("server") == 90


def test_file_uploaded_twice_counts_once(server: Streamlit) -> None:
    server.upload("s1", "f1", 40)
    server.upload("s1", "f1", 50)
    assert server.quota.used("visit", "s1") == 50


def test_file_counts_while_the_batch_of_the_page_holds_it(server: Streamlit) -> None:
    # A client can make Streamlit drop a file that the page still shows.
    batch = Batch("f1")
    server.quota.hold_in("s1", batch)
    server.upload("s1", "f1", 90)
    server.files.clear()
    with pytest.raises(QuotaReachedError):
        server.upload("s1", "f2", 20)
    batch.file_ids.clear()
    server.upload("s1", "f2", 20)
    assert server.quota.used("visit", "s1") == 20


def test_what_is_made_of_a_file_counts_until_it_is_dropped(server: Streamlit) -> None:
    visit = Batch("f1")
    server.quota.hold_in("s1", visit)
    server.upload("s1", "f1", 40)
    visit.file_ids.add("film")
    for n_bytes in (10, 50):
        # the second film replaces the first
        server.quota.count_made("s1", "f1", "film", n_bytes)
    assert [server.quota.used("visit", "s1"), server.quota.used("address", "a")] == [90, 90]
    with pytest.raises(QuotaReachedError):
        server.upload("s1", "f2", 20)
    visit.file_ids.remove("film")
    server.upload("s1", "f2", 20)
    assert server.quota.used("visit", "s1") == 60
    # nothing is known of an upload where the app runs without the server's guard
    server.quota.count_made("s9", "f9", "film", 50)
    assert server.quota.used("server") == 60


def test_files_whose_removal_can_be_undone_count_until_the_next_upload(server: Streamlit) -> None:
    batch = Batch("f1")
    server.quota.hold_in("s1", batch)
    server.upload("s1", "f1", 90)
    server.files.clear()
    batch.removed_ids, batch.file_ids = batch.file_ids, set()
    server.quota.release_dropped()
    assert server.quota.used("visit", "s1") == 90
    server.upload("s1", "f2", 100)
    assert server.quota.used("visit", "s1") == 100


def test_what_a_visit_holds_is_handed_over_to_the_one_after_a_reload(server: Streamlit) -> None:
    batch = Batch("f1")
    server.quota.hold_in("s1", batch)
    server.upload("s1", "f1", 60)
    server.upload("s1", "left", 10)
    server.quota.hand_over("s1", "s2")
    # Streamlit ends the first session
    server.files.clear()
    server.quota.hold_in("s2", batch)
    with pytest.raises(QuotaReachedError):
        server.upload("s2", "f2", 50)
    assert [server.quota.used("visit", one) for one in ("s1", "s2")] == [0, 60]
    assert [server.quota.used("address", "a"), server.quota.used("server")] == [60, 60]
    batch.file_ids.clear()
    server.upload("s2", "f2", 100)
    assert server.quota.used("server") == 100


def test_ended_visit_releases_everything(server: Streamlit) -> None:
    batch = Batch("f1")
    server.quota.hold_in("s1", batch)
    server.upload("s1", "f1", 90)
    server.quota.note_refusal("s1", "visit")
    server.files.clear()
    del batch
    gc.collect()
    server.quota.release_dropped()
    assert server.quota.used("server") == 0
    assert server.quota.refusal("s1") is None


def test_refusals_are_counted_until_a_later_upload_is_accepted(server: Streamlit) -> None:
    for bound in ("server", "visit"):
        server.quota.note_refusal("s1", bound)
    server.upload("s1", "f1", 10)
    refusal = server.quota.refusal("s1")
    assert refusal is not None
    assert (refusal.n, refusal.bound) == (2, "visit")
    server.clock_s = 60.0
    server.upload("s1", "f2", 10)
    assert server.quota.refusal("s1") is None


def test_default_limits_leave_memory_for_the_app() -> None:
    small, large = default_limits(2**30), default_limits(2**40)
    assert small.visit < small.address < small.server < 0.5 * 2**30
    assert large.visit == MAX_VISIT_BYTES
    assert default_limits().server > 0
