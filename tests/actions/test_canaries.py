"""Secrets are planted everywhere that an action takes one from, and then searched for wherever one could come out."""

from __future__ import annotations

import gzip
import json
import re
import resource
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import psycopg
import pytest

from tests.actions.aws.application import NAME, Vault
from tests.actions.aws.gate import Gate, Where
from tests.actions.configured import declared, unasked_cluster, written
from tests.actions.process import Actor
from tests.journal.helpers import until
from tests.rig.systems.aws import ACTOR, CONSOLE, REGIONS, Aws
from tests.rig.systems.postgres import ACTING, DATABASE, MONITOR, ORDERS, PASSWORD, Postgres
from tests.rig.systems.redis import MONITOR as REDIS_MONITOR
from tests.rig.systems.redis import Redis
from tests.terminal.pty import Terminal
from wfconsole.config.actions import ActingSettings
from wfconsole.config.messaging import PagerDutySettings
from wfconsole.config.systems import AwsSettings, CacheSettings, DatabaseSettings
from wfconsole.guard import protocol
from wfconsole.guard.protocol import Begin
from wfconsole.incident.plan import Aim, Request
from wfconsole.tui.screens.plan_lock import STALE

REQUEST = Request("rotate-secret", Aim("secret", NAME), {"region": REGIONS[0]})
OPERATOR = "ada"
INCIDENT = "INC-20260301-1420"


def canary(what: str) -> str:
    return f"canary-{what}-{secrets.token_hex(8)}"


class Planted:
    """Every secret by what it is. `new` is the password that the action has made, once it has."""

    def __init__(self, vault: Vault, folder: Path) -> None:
        self.vault, self.folder = vault, folder
        self.all = {what: canary(what) for what in ("acting", "monitor", "redis", "pagerduty", "current", "field")}
        for what in ("acting", "monitor", "redis", "pagerduty"):
            self.file(what).write_text(f"{self.all[what]}\n")
            self.file(what).chmod(0o600)
        with vault.postgres.admin() as connection:
            connection.execute(f"ALTER ROLE {ACTING} PASSWORD '{self.all['acting']}'")
            connection.execute(f"ALTER ROLE {MONITOR} PASSWORD '{self.all['monitor']}'")
        vault.set_in_database(self.all["current"])
        value = {**vault.held(), "password": self.all["current"], "signing": self.all["field"]}
        vault.client.put_secret_value(SecretId=vault.arn, SecretString=json.dumps(value))
        lines = (vault.aws.directory / "credentials").read_text().splitlines()
        self.all |= {
            f"aws {place}": line.partition("=")[2].strip() for place, line in enumerate(lines) if "secret" in line
        }

    def file(self, what: str) -> Path:
        return self.folder / what

    def note_pending(self) -> None:
        """What was made since: all versions, whatever became of them."""
        versions = self.vault.client.list_secret_version_ids(SecretId=self.vault.arn, IncludeDeprecated=True)[
            "Versions"
        ]
        for each in versions:
            held = self.vault.held(each["VersionId"])["password"]
            if held not in (*self.all.values(), PASSWORD):
                self.all[f"new {each['VersionId'][:8]}"] = held

    def found_in(self, data: bytes) -> list[str]:
        return [what for what, value in self.all.items() if value.encode() in data]


@pytest.fixture
def vault(aws: Aws, postgres: Postgres) -> Vault:
    return Vault(aws, postgres)


@pytest.fixture
def planted(vault: Vault, tmp_path: Path) -> Iterator[Planted]:
    folder = tmp_path / "planted"
    folder.mkdir(mode=0o700)
    yield Planted(vault, folder)
    with vault.postgres.admin() as connection:
        for role in (ACTING, MONITOR):
            connection.execute(f"ALTER ROLE {role} PASSWORD '{PASSWORD}'")


@pytest.fixture
def gate(vault: Vault) -> Iterator[Gate]:
    with Gate(vault.aws.url) as made:
        yield made


@pytest.fixture
def settings(planted: Planted, gate: Gate) -> ActingSettings:
    return ActingSettings(
        kubeconfig=str(planted.folder / "no-kubeconfig"),
        database=DatabaseSettings(
            host="127.0.0.1",
            port=planted.vault.postgres.port,
            name=DATABASE,
            user=MONITOR,
            password_file=str(planted.file("monitor")),
            acting_user=ACTING,
            acting_password_file=str(planted.file("acting")),
        ),
        cache=CacheSettings(host="127.0.0.1", port=9, acting_password_file=str(planted.file("redis"))),
        aws=AwsSettings(regions=REGIONS, endpoint_url=gate.url, profile=CONSOLE, acting_profile=ACTOR),
        pagerduty=PagerDutySettings(routing_key_file=str(planted.file("pagerduty"))),
    )


def in_processes(planted: Planted) -> dict[str, list[str]]:
    """What the arguments and the environment of every process of this machine give away."""
    found = {}
    for name in ("cmdline", "environ"):
        for path in Path("/proc").glob(f"[0-9]*/{name}"):
            try:
                data = path.read_bytes()
            except OSError:  # it has ended
                continue
            if told := planted.found_in(data):
                found[str(path)] = told
    return found


def in_files(planted: Planted, folders: Iterable[Path]) -> dict[str, list[str]]:
    found = {}
    for folder in folders:
        for path in (each for each in folder.rglob("*") if each.is_file()):
            if told := planted.found_in(path.read_bytes()):
                found[str(path)] = told
    return found


def run_and_look(settings: ActingSettings, planted: Planted, prelude: str = "", request: Request = REQUEST) -> bytes:
    """One action from the plan to its end; everything that it has said. Its arguments and environment are looked at
    while it is in the middle."""
    actor = Actor(Begin(settings, request=request, receipt="act-1", incident="INC-1"), prelude)
    with actor:
        first = actor.hear()
        if isinstance(first, protocol.Planned):
            planted.note_pending()
            assert in_processes(planted) == {}
            actor.say(msgspec.json.encode(protocol.Run(first.plan.digest)))
            actor.until(protocol.Ran)
            planted.note_pending()
            assert in_processes(planted) == {}
    return b"\n".join(map(msgspec.json.encode, actor.heard))


# --- what a process that acts says


def test_the_canaries_can_be_found(planted: Planted, tmp_path: Path) -> None:
    """What searches finds: in a file, in an environment, in arguments."""
    value = planted.all["current"]
    (tmp_path / "log").write_text(f"password is {value}")
    assert in_files(planted, [tmp_path])[str(tmp_path / "log")] == ["current"]
    program = "import sys; sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", program, value], stdin=subprocess.PIPE, env={"X": value}) as process:

        def found() -> set[str]:
            return {path.rpartition("/")[2] for path in in_processes(planted) if f"/{process.pid}/" in path}

        until(lambda: found() == {"cmdline", "environ"}, "the new program is there")
        assert process.stdin is not None
        process.stdin.close()


def test_a_rotation_says_nothing_of_any_of_them(
    settings: ActingSettings, planted: Planted, capfd: pytest.CaptureFixture[str]
) -> None:
    said = run_and_look(settings, planted)
    assert b'"done"' in said
    out, err = capfd.readouterr()
    assert len(planted.all) == 6 + 2 + 1, planted.all.keys()
    assert planted.found_in(said + out.encode() + err.encode()) == []


def test_ending_sessions_says_nothing_either(
    settings: ActingSettings, planted: Planted, redis: Redis, capfd: pytest.CaptureFixture[str]
) -> None:
    """Of the database, and of users in Redis, whose password is planted too."""
    with redis.admin() as admin:
        for user in (REDIS_MONITOR, "wf_logout"):
            admin.execute_command("ACL", "SETUSER", user, "resetpass", f">{planted.all['redis']}")
    file = str(planted.file("redis"))
    told = msgspec.convert(redis.settings()["cache"], CacheSettings)
    cache = msgspec.structs.replace(told, password_file=file, acting_password_file=file)
    settings = msgspec.structs.replace(settings, cache=cache)
    session = psycopg.connect(
        host="127.0.0.1", port=settings.database.port, dbname=DATABASE, user=ORDERS, password=planted.all["current"]
    )
    ends = (
        Request("end-role-sessions", Aim("role", ORDERS)),
        Request("end-user-sessions", Aim("user sessions", "session:")),
    )
    said = b"".join(run_and_look(settings, planted, request=each) for each in ends)
    session.close()
    assert said.count(b'"result":"done"') == len(ends), said
    assert planted.found_in(said + "".join(capfd.readouterr()).encode()) == []


BREAKS = {
    "in the plan": (
        "from wfconsole.actions.aws import sight\n"
        "def broken(material, systems): raise ValueError(material.text('password').reveal())\n"
        "sight._elsewhere = broken"
    ),
    "before it is put": (
        "from wfconsole.actions.aws.material import Material\n"
        "def broken(self, field, value): raise RuntimeError(value.reveal())\n"
        "Material.with_text = broken"
    ),
    "in the database": (
        "from wfconsole.actions.postgres.role import OwnPassword\n"
        "def broken(self, new): raise KeyError(new.reveal())\n"
        "OwnPassword.set = broken"
    ),
    "in the client of AWS": (
        "from botocore.client import BaseClient\n"
        "real = BaseClient._make_api_call\n"
        "def broken(self, name, told):\n"
        "    if 'SecretString' in told: raise ValueError(told['SecretString'])\n"
        "    return real(self, name, told)\n"
        "BaseClient._make_api_call = broken"
    ),
    "at the login": (
        "from wfconsole.actions.aws import rotation\n"
        "def broken(settings, role, password): raise OSError(password.reveal())\n"
        "rotation.logs_in = broken"
    ),
}


@pytest.mark.parametrize("where", BREAKS)
def test_an_exception_in_the_middle_says_nothing_either(
    settings: ActingSettings, planted: Planted, capfd: pytest.CaptureFixture[str], where: str
) -> None:
    """The worst of them: its message is the secret itself."""
    said = run_and_look(settings, planted, BREAKS[where])
    assert b'"done"' not in said
    assert planted.found_in(said + "".join(capfd.readouterr()).encode()) == []


@pytest.mark.parametrize(
    ("name", "where"), [("PutSecretValue", "never"), ("UpdateSecretVersionStage", "lost"), ("DescribeSecret", "never")]
)
def test_an_answer_that_is_lost_says_nothing(
    settings: ActingSettings,
    planted: Planted,
    gate: Gate,
    capfd: pytest.CaptureFixture[str],
    name: str,
    where: Where,
) -> None:
    gate.hold(name, where)
    said = run_and_look(settings, planted)
    assert planted.found_in(said + "".join(capfd.readouterr()).encode()) == []


def test_the_database_keeps_no_word_of_it(settings: ActingSettings, planted: Planted) -> None:
    """Neither its statistics nor its log, where that holds every statement: what it is sent is what it stores."""
    server = planted.vault.postgres.server
    with planted.vault.postgres.admin() as connection:
        connection.execute("SELECT pg_stat_statements_reset()")  # we have planted with statements, too
        connection.execute("ALTER SYSTEM SET log_statement = 'all'")
        connection.execute("SELECT pg_reload_conf()")
    before = server.log.stat().st_size
    try:
        assert b'"done"' in run_and_look(settings, planted)
        with planted.vault.postgres.admin() as connection:
            told = connection.execute("SELECT string_agg(query, ' ') FROM pg_stat_statements").fetchone()
    finally:
        with planted.vault.postgres.admin() as connection:
            connection.execute("ALTER SYSTEM RESET log_statement")
            connection.execute("SELECT pg_reload_conf()")
    logged = server.log.read_bytes()[before:]
    assert told is not None
    assert b"ALTER ROLE" in logged
    assert planted.found_in(str(told[0]).encode() + logged) == []


# --- memory


def test_a_process_that_acts_leaves_no_core_and_shows_its_memory_to_nobody() -> None:
    program = (
        "import ctypes, resource\n"
        "resource.setrlimit(resource.RLIMIT_CORE, resource.getrlimit(resource.RLIMIT_CORE))\n"
        "from wfconsole.actions.main import main\n"
        "main()\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    )
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    told = subprocess.run(
        [sys.executable, "-c", program],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (most, most)),
    ).stdout
    assert told == "(0, 0) 0\n"


# --- the console, on a terminal


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A machine with an incident that is open, and somebody who commands it."""
    folder = tmp_path / "state"
    declared(folder / "incidents", INCIDENT, OPERATOR)
    return folder


@pytest.fixture
def configuration(settings: ActingSettings, planted: Planted, tmp_path: Path) -> Path:
    kubeconfig = unasked_cluster(tmp_path)
    told = {
        "console": {"operator": OPERATOR},
        "kubernetes": {"kubeconfig": str(kubeconfig)},
        "actions": {"second_person": False},
        "database": msgspec.to_builtins(settings.database),
        "cache": msgspec.to_builtins(settings.cache),
        "aws": msgspec.to_builtins(settings.aws),
        "pagerduty": msgspec.to_builtins(settings.pagerduty),
    }
    return written(tmp_path, told)


@pytest.mark.parametrize("ends", ["well", "in the middle"])
def test_nothing_of_them_reaches_the_terminal_the_journal_or_a_file(
    planted: Planted, gate: Gate, configuration: Path, state: Path, tmp_path: Path, ends: str
) -> None:
    if ends == "in the middle":
        gate.hold("PutSecretValue", "never")
    why = ["--word", NAME, "--reason", "it was stolen", "--override", "nobody uses it yet"]
    command = [sys.executable, "-m", "wfconsole", "act", "rotate-secret", "secret", NAME, f"region={REGIONS[0]}"]
    environment = {
        **planted.vault.aws.environment,
        "WFCONSOLE_STATE_DIR": str(state),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    with Terminal([*command, *why, "--config", str(configuration)], columns=200, rows=60, env=environment) as terminal:
        terminal.wait_for("RESULT")
        assert in_processes(planted) == {}
        code = terminal.wait_exit()
        screen, raw = terminal.text, terminal.raw
    planted.note_pending()
    assert ("done" in screen, code == 0) == ((True, True) if ends == "well" else (False, False)), screen
    if ends == "well":
        assert any(what.startswith("new") for what in planted.all)
    assert planted.found_in(raw) == []
    assert in_files(planted, [state]) == {}
    journal = b"".join(path.read_bytes() for path in state.rglob("*.jsonl"))
    assert b"rotate-secret" in journal
    assert ORDERS.encode() in journal


def test_nothing_of_them_reaches_the_screen_of_the_console_nor_its_recording(
    planted: Planted, configuration: Path, state: Path, tmp_path: Path
) -> None:
    """As its commander does it: armed, the secret chosen from the list, the plan read, its word typed."""
    environment = {
        **planted.vault.aws.environment,
        "WFCONSOLE_STATE_DIR": str(state),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    command = [sys.executable, "-m", "wfconsole", "resume", INCIDENT, "--config", str(configuration)]
    with Terminal(command, columns=160, rows=60, env=environment) as terminal:
        terminal.wait_for("0 stale secrets")
        _arm(terminal)
        terminal.press("7", "v", "v", "v", "v")
        terminal.wait_for(NAME)
        terminal.press("A")
        terminal.wait_for("Rotate it")
        terminal.press("enter")
        terminal.wait_for("To unlock")
        _confirm(terminal)
        terminal.wait_for("is AWSCURRENT")
        assert in_processes(planted) == {}
        planted.note_pending()
        terminal.press("t")
        terminal.wait_for("Rotate secret")
        terminal.signal(signal.SIGTERM)
        terminal.wait_exit()
        raw = terminal.raw
    assert any(what.startswith("new") for what in planted.all)
    assert planted.found_in(raw) == []
    assert in_files(planted, [state]) == {}
    for recording in state.rglob("*.gz"):
        assert planted.found_in(gzip.decompress(recording.read_bytes())) == []
    assert list(state.rglob("*.gz"))


GOOD_FOR = re.compile(r"for \d+s")
RUNS = "> [ Run:"
FOCUS = "> [ Cancel ]"  # what is typed before it is there is dropped, on purpose


def _arm(terminal: Terminal) -> None:
    terminal.press("G")
    terminal.wait_for(FOCUS)
    terminal.press("tab", "tab")
    terminal.wait_gone(FOCUS)
    _type(terminal, "it was stolen")
    terminal.press("enter")
    terminal.wait_for("armed until")


def _confirm(terminal: Terminal) -> None:
    """What the dialog asks for, field by field. On a slow machine the plan is older than a minute by then: F5 makes it
    anew, and what is asked then is the name alone."""
    _answer(terminal, "because it was", "nobody uses it")
    terminal.wait_until(lambda: RUNS in terminal.text or STALE in terminal.text, f"{RUNS} or {STALE}")
    if STALE in terminal.text:
        terminal.press("f5")
        terminal.wait_gone(STALE)
        _answer(terminal)
    terminal.wait_for(RUNS)
    terminal.press("enter")


def _answer(terminal: Terminal, *reasons: str) -> None:
    """From the first field to the button."""
    terminal.wait_for(FOCUS)
    # For half a second it hears nothing, whatever is typed: it has been on show for longer once it counted twice.
    for _ in range(2):
        terminal.wait_until(lambda: GOOD_FOR.search(terminal.text) is not None, "how long the plan is good for")
        shown = GOOD_FOR.search(terminal.text)
        assert shown is not None
        terminal.wait_gone(shown[0])
    terminal.press("tab")
    terminal.wait_gone(FOCUS)
    for reason in reasons:
        _type(terminal, reason)
        terminal.press("enter")
    terminal.press(*["enter"] * (3 - len(reasons)))
    terminal.send(NAME)
    terminal.wait_gone(f"type {NAME}")
    terminal.press("tab")


def _type(terminal: Terminal, text: str) -> None:
    before = terminal.text.count(text)
    terminal.send(text)
    terminal.wait_until(lambda: terminal.text.count(text) > before, f"{text!r} on the screen")


def test_another_login_sees_the_same_nothing(planted: Planted) -> None:
    """The password that is planted is the one that is used: a search for another one would find nothing either."""
    with psycopg.connect(
        host="127.0.0.1",
        port=planted.vault.postgres.port,
        dbname=DATABASE,
        user=ORDERS,
        password=planted.all["current"],
    ) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
