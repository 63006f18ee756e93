"""The library's own test-cases for recorders, run on ours: text ids, and a fresh book for every recorder."""

from uuid import uuid4

import pytest
from eventsourcing.tests import persistence as cases

from ledger.database import Database
from ledger.record.recorder import BookRecorder
from tests.frame.conftest import bare_book


class OurRecorder(cases.RecorderTestCase):
    """How a test-case of the library gets a recorder of ours."""

    @pytest.fixture(autouse=True)
    def use(self, database: Database) -> None:
        self.conninfo = database.app_conninfo

    def create_recorder(self) -> BookRecorder:
        book = bare_book(self.conninfo, f"book-{uuid4().hex}")
        recorder = BookRecorder.open(self.conninfo, book)
        self.addCleanup(recorder.close)
        return recorder

    def new_originator_id(self) -> str:
        return f"thing_{uuid4().hex}"


# Let the writer store a version without comparing it with the stream's last → `test_insert_select` fails.
class TestApplicationRecorder(OurRecorder, cases.ApplicationRecorderTestCase[BookRecorder]):
    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestNonInterleaving(OurRecorder, cases.NonInterleavingNotificationIDsBaseCase):
    pass
