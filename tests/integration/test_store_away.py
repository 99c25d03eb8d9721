"""The store fails in the middle of a run: nothing that was acknowledged is lost, nothing is sent twice, and the same
process goes on by itself when the store is back."""

import resource
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from memory_world import Deaf, World, capable
from sqlalchemy import Engine, event
from stores import SQLITE, bare_database, crash_server, execute, new_database

from crm_bridge.connector import EffectSafety
from crm_bridge.errors import Locked, StoreAway
from crm_bridge.outbox.gate import Stopwatch
from crm_bridge.runner.desk import open_desk
from crm_bridge.store import runs
from crm_bridge.store.opening import open_database

AT = "2026-10-20T10:00:00.000000Z"
PEOPLE = 12


@pytest.fixture
def served(tmp_path):
    """Two systems over PostgreSQL; ``b`` lacks everybody, so that each person is a write."""
    world = World(tmp_path, systems=dict.fromkeys("ab", capable(batch_size=1)), create=["b"], store=new_database())
    for number in range(1, PEOPLE + 1):
        world.person("a", number=number, last_name=f"Коваль{'абвгдежзиклм'[number - 1]}")
    return world


def carried(world):
    return sorted(record["last_name"] for record in world["b"].records("person"))


def everybody(world):
    return sorted(record["last_name"] for record in world["a"].records("person"))


@pytest.mark.parametrize("at", [1, 2, PEOPLE])
def test_a_server_that_crashes_between_a_write_and_its_receipt_costs_nothing(served, at):
    """It dies while the system has the write and we have no answer, and recovers; the run goes on."""
    passed = []

    def crash_once():
        passed.append(1)
        if len(passed) == at:
            crash_server()
        else:
            served["b"].after_write.append(crash_once)

    served["b"].after_write.append(crash_once)

    served.sync()

    assert everybody(served) == carried(served)
    assert {"a": 0, "b": PEOPLE} == served.writes()
    served.sync()
    assert {"a": 0, "b": PEOPLE} == served.writes()


@pytest.mark.parametrize("at", [1, 3, 6, 10, 15, 21])
def test_a_server_that_crashes_as_a_step_commits_costs_nothing(served, at):
    """The step is not there after recovery, or whole; the run is begun again, and sends nothing twice."""
    passed = []

    def crash_once(_connection):
        passed.append(1)
        if len(passed) == at:
            crash_server()

    event.listen(Engine, "commit", crash_once)
    try:
        report = served.sync()
    finally:
        event.remove(Engine, "commit", crash_once)

    assert len(passed) > at
    assert any("begun again" in note for note in report.notes)
    assert everybody(served) == carried(served)
    assert {"a": 0, "b": PEOPLE} == served.writes()
    served.sync()
    assert {"a": 0, "b": PEOPLE} == served.writes()


def test_a_server_that_crashes_between_two_pages_costs_nothing(served):
    """What the page before it committed is there; the page is read again."""
    pages = served["a"].read_changes

    def read_changes(kind, cursor):
        for number, page in enumerate(pages(kind, cursor)):
            if number == 1 and kind == "person" and not served.crashed:
                served.crashed = True
                crash_server()
            yield page

    served.crashed = False
    served["a"].read_changes = read_changes

    served.sync()

    assert served.crashed
    assert everybody(served) == carried(served)
    assert PEOPLE == len(served["b"].writes)


def test_a_server_that_stays_away_ends_the_run(served, tmp_path):
    """After a minute of waiting, with an error that says to run again; nobody waits for ever."""
    waited = []
    now = [0.0]

    def sleep(seconds):
        waited.append(seconds)
        now[0] += seconds

    served.stopwatch = Stopwatch(lambda: now[0], sleep)
    name = served.store.split("/")[3].split("?")[0]

    def lose_the_database():
        execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
        execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")

    served["b"].after_write.append(lose_the_database)

    with pytest.raises(StoreAway):
        served.sync()

    assert 60 <= sum(waited) < 75
    execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")
    served.stopwatch = None
    served.sync()
    assert everybody(served) == carried(served)
    assert PEOPLE == len(served["b"].writes)


def test_an_owner_that_was_cut_off_commits_nothing_once_another_works(tmp_path):
    """A process that slept through a takeover finds a later epoch."""
    url = new_database()
    with (
        closing(open_database(url, base_dir=tmp_path)) as zombie,
        closing(open_database(url, base_dir=tmp_path)) as heir,
    ):
        with zombie.owned():
            execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'crm-bridge'")
            with heir.owned():
                with pytest.raises(Locked, match="took over"), zombie.transaction() as connection:
                    runs.start(connection, "zombie", "sync", at=AT)
                with heir.transaction() as connection:
                    runs.start(connection, "heir", "sync", at=AT)
        with heir.reading() as connection:
            assert ["heir"] == [run["id"] for run in runs.listing(connection, limit=9)]


def test_a_new_database_is_migrated_by_whoever_comes_first(tmp_path):
    """Several processes that open it at once find one schema."""
    url = bare_database()
    came_of_it = []

    def come():
        try:
            open_database(url, base_dir=tmp_path).close()
            came_of_it.append(None)
        except Locked:
            came_of_it.append("locked")

    threads = [threading.Thread(target=come) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert None in came_of_it
    with closing(open_database(url, base_dir=tmp_path)) as database:
        assert "0001" == database.schema_version()


@pytest.fixture
def filed(tmp_path):
    """The same over a SQLite file."""
    world = World(tmp_path, systems=dict.fromkeys("ab", capable(batch_size=1)), create=["b"])
    if world.store != SQLITE:
        pytest.skip("it is about SQLite files")
    for number in range(1, PEOPLE + 1):
        world.person("a", number=number, last_name=f"Коваль{'абвгдежзиклм'[number - 1]}")
    return world


@pytest.fixture
def disk(filed):
    """A disk that can be full: the store may not grow by more than a little."""
    kept = resource.getrlimit(resource.RLIMIT_FSIZE)

    class Disk:
        def fill(self):
            resource.setrlimit(resource.RLIMIT_FSIZE, (Path(filed.folder, "bridge.db").stat().st_size, kept[1]))

        def make_room(self):
            resource.setrlimit(resource.RLIMIT_FSIZE, kept)

    yield Disk()
    resource.setrlimit(resource.RLIMIT_FSIZE, kept)


def test_where_nobody_can_tell_an_outage_leaves_unknown_what_was_under_way_and_no_more(tmp_path):
    """The process lives on: it goes on with what had not left."""
    capabilities = {"a": capable(), "b": capable(effect_safety=EffectSafety.NONE, batch_size=1)}
    world = World(tmp_path, systems=capabilities, create=["b"])
    world.stopwatch = Stopwatch(lambda: 0.0, lambda _seconds: None)
    for number in range(1, PEOPLE + 1):
        world.person("a", number=number, last_name=f"Коваль{'абвгдежзиклм'[number - 1]}")
    deaf = world.opened["b"] = Deaf(world["b"])
    deaf.read_changes = lambda kind, cursor: iter(())
    failing = []

    def fail_once(_connection):
        if failing:
            failing.pop()
            raise StoreAway("the store cannot be used now")

    world["b"].after_write.append(lambda: world["b"].after_write.append(lambda: failing.extend([1, 1])))
    event.listen(Engine, "commit", fail_once)
    try:
        report = world.sync()
    finally:
        event.remove(Engine, "commit", fail_once)

    assert (1, PEOPLE - 1) == (report.unknown, report.of_write("b").created)
    assert everybody(world) == carried(world)


@pytest.mark.parametrize("full_from", ["the start", "a write on"])
def test_a_full_disk_stops_the_run_and_loses_nothing(filed, disk, full_from):
    """What was written before is whole; when there is room again, the next run does the rest, and nothing twice."""
    now = [0.0]
    filed.stopwatch = Stopwatch(lambda: now[0], lambda seconds: now.__setitem__(0, now[0] + seconds))
    if full_from == "the start":
        disk.fill()
    else:
        filed["b"].after_write.append(disk.fill)

    with pytest.raises(StoreAway, match="nothing was half written"):
        filed.sync()

    disk.make_room()
    filed.sync()
    assert everybody(filed) == carried(filed)
    assert PEOPLE == len(filed["b"].writes)
    with closing(sqlite3.connect(filed.folder / "bridge.db")) as store:
        assert "ok" == store.execute("PRAGMA integrity_check").fetchone()[0]


@pytest.mark.parametrize("left_behind", [False, True])
def test_a_full_disk_keeps_nobody_from_looking(filed, left_behind):
    """No room for a single byte; what a killed run left in the log beside the store is read too."""
    filed.sync()
    settings = filed.settings()
    store = filed.folder / "bridge.db"
    if left_behind:
        with closing(sqlite3.connect(store)) as other:
            other.execute("UPDATE runs SET id = 'late'")
            other.commit()
            kept = {name: Path(f"{store}{name}").read_bytes() for name in ("", "-wal")}
        for name, content in kept.items():
            Path(f"{store}{name}").write_bytes(content)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        with open_desk(settings) as desk:
            found, runs_told = desk.lookup(name="Ковальа"), desk.runs()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert 1 == len(found)
    assert left_behind == (runs_told[0]["id"] == "late")
    assert (0, 0) == ((report := filed.sync()).exit_code, report.written)


@pytest.mark.parametrize("at", [3, 6, 14, 20])
def test_the_report_of_a_run_that_was_cut_is_of_the_whole_run(filed, at):
    """Whichever commit failed: every record that was read, made or written counts once."""
    filed.stopwatch = Stopwatch(lambda: 0.0, lambda _seconds: None)
    passed = []

    def fail_once(_connection):
        passed.append(1)
        if len(passed) == at:
            raise StoreAway("the store cannot be used now")

    event.listen(Engine, "commit", fail_once)
    try:
        report = filed.sync()
    finally:
        event.remove(Engine, "commit", fail_once)

    assert any("begun again" in note for note in report.notes)
    assert PEOPLE == report.of_write("b").created
    assert PEOPLE == report.clients["created"]
    assert PEOPLE == report.of_read("a", "person").new
    [kept] = filed.ask("runs")
    assert report.run_id == kept["id"]


def test_a_disk_that_has_room_again_lets_the_same_run_go_on(filed, disk):
    """The process waits a while, and then needs nobody; it says so once, however often it tried."""
    pauses = iter([lambda: None, disk.make_room])
    filed.stopwatch = Stopwatch(lambda: 0.0, lambda _seconds: next(pauses)())
    filed["b"].after_write.append(disk.fill)

    report = filed.sync()

    assert everybody(filed) == carried(filed)
    assert PEOPLE == len(filed["b"].writes)
    assert 1 == sum("begun again" in note for note in report.notes)


@pytest.mark.parametrize("at", [1, 5, PEOPLE])
def test_a_store_that_another_program_keeps_locked_ends_the_run_for_now_and_the_next_goes_on(filed, at):
    """A backup holds the write lock for longer than we wait, between a write and its receipt: 75, and nothing is lost
    or sent twice."""
    filed.store = f"{SQLITE}?timeout=0.05"
    with closing(sqlite3.connect(filed.folder / "bridge.db", isolation_level=None, check_same_thread=False)) as other:
        passed = []

        def lock_at_last():
            passed.append(1)
            if len(passed) == at:
                other.execute("BEGIN IMMEDIATE")
            else:
                filed["b"].after_write.append(lock_at_last)

        filed["b"].after_write.append(lock_at_last)
        with pytest.raises(Locked, match=r"locked for 0\.05 s") as raised:
            filed.sync()
        other.execute("ROLLBACK")

    assert 75 == raised.value.exit_code
    assert 0 == filed.sync().exit_code
    assert everybody(filed) == carried(filed)
    assert PEOPLE == len(filed["b"].writes)


def test_a_store_that_is_locked_for_less_than_we_wait_costs_nothing(filed):
    """The same run goes on by itself."""
    with closing(sqlite3.connect(filed.folder / "bridge.db", isolation_level=None, check_same_thread=False)) as other:
        let_go = threading.Timer(0.1, lambda: other.execute("ROLLBACK"))

        def lock():
            other.execute("BEGIN IMMEDIATE")
            let_go.start()

        filed["b"].after_write.append(lock)
        report = filed.sync()
        let_go.join()

    assert (0, PEOPLE) == (report.exit_code, report.written)
    assert everybody(filed) == carried(filed)
