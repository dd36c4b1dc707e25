from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from wfconsole import exit_codes
from wfconsole.config.errors import ConfigError
from wfconsole.config.loading import foreign_variables, known_settings, load_settings
from wfconsole.config.settings import Settings
from wfconsole.text import is_safe


def written(folder: Path, text: str) -> Path:
    file = folder / "config.toml"
    file.write_text(text)
    file.chmod(0o644)
    return file


def told(file: Path, environment: dict[str, str] | None = None, overrides: dict[str, Any] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_settings(file, environment or {}, overrides)
    assert caught.value.code == exit_codes.CONFIGURATION
    return [str(problem) for problem in caught.value.problems]


def test_without_a_file_everything_has_a_default(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "missing.toml", {})
    assert settings == Settings()
    assert settings.kubernetes.context == ""
    assert settings.console.theme == ""
    assert settings.recording.enabled


def test_the_command_line_wins_over_variables_over_the_file_over_defaults(tmp_path: Path) -> None:
    file = written(tmp_path, '[console]\ntheme = "file"\noperator = "file"\nglyphs = "ascii"\n')
    environment = {"WFCONSOLE_CONSOLE_THEME": "variable", "WFCONSOLE_CONSOLE_OPERATOR": "variable"}
    console = load_settings(file, environment, {"console.theme": "command line", "console.operator": None}).console
    assert (console.theme, console.operator, console.glyphs, console.mouse) == (
        "command line",
        "variable",
        "ascii",
        True,
    )


def test_a_keyboard_that_nobody_knows_is_told_with_those_that_there_are(tmp_path: Path) -> None:
    file = written(tmp_path, '[console]\nkeymap = "dvorak"\n')
    expected = "console.keymap: this value does not fit (dvorak); expected qwerty, azerty or qwertz"
    assert told(file) == [f"{file}:2: {expected}"]
    assert told(tmp_path / "none.toml", {"WFCONSOLE_CONSOLE_KEYMAP": "dvorak"}) == [
        f"WFCONSOLE_CONSOLE_KEYMAP: {expected}"
    ]


def test_every_table_of_the_file_is_read(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        """\
[kubernetes]
kubeconfig = "~/kube/config"
context = "eu-west-1"
namespaces = ["production", "monitoring"]

[intervals]
pods = 1
nodes = 30.5

[console]
mouse = false
observer = true
timezone = "local"
environments = [{ context = "eu-*", word = "PROD" }]

[runbook]
path = "runbook"

[recording]
enabled = false
keep = 3
max_megabytes = 10

[journal]
directory = "/srv/incidents"
fallbacks = ["spare", "/dev/shm"]
""",
    )
    settings = load_settings(file, {})
    assert settings.kubernetes.kubeconfig == str(Path.home() / "kube/config")
    assert settings.kubernetes.namespaces == ("production", "monitoring")
    assert (settings.intervals.pods, settings.intervals.nodes, settings.intervals.events) == (1.0, 30.5, 5.0)
    assert (settings.console.mouse, settings.console.observer, settings.console.timezone) == (False, True, "local")
    assert settings.console.environment_word("eu-west-1") == "PROD"
    assert settings.runbook.path == str(tmp_path / "runbook")
    assert (settings.recording.keep, settings.recording.max_megabytes) == (3, 10)
    assert settings.journal.fallbacks == (str(tmp_path / "spare"), "/dev/shm")


def test_variables_carry_words_numbers_lists_and_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings(
        tmp_path / "missing.toml",
        {
            "WFCONSOLE_CONSOLE_MOUSE": "off",
            "WFCONSOLE_CONSOLE_OBSERVER": "Yes",
            "WFCONSOLE_INTERVALS_PODS": "2.5",
            "WFCONSOLE_RECORDING_KEEP": "7",
            "WFCONSOLE_KUBERNETES_NAMESPACES": "production, monitoring",
            "WFCONSOLE_RUNBOOK_PATH": "runbook",
            "WFCONSOLE_STATE_DIR": "/somewhere",
            "WFCONSOLE_OF_SOMEBODY_ELSE": "1",
            "HOME": "/root",
        },
    )
    assert (settings.console.mouse, settings.console.observer) == (False, True)
    assert (settings.intervals.pods, settings.recording.keep) == (2.5, 7)
    assert settings.kubernetes.namespaces == ("production", "monitoring")
    assert settings.runbook.path == str(tmp_path / "runbook")


@pytest.mark.parametrize(
    ("text", "folders"), [("[]", ()), ('["/a", "/b"]', ("/a", "/b")), ("/a,/b", ("/a", "/b")), ("", ())]
)
def test_a_list_in_a_variable_is_written_as_in_the_file_or_with_commas(
    tmp_path: Path, text: str, folders: tuple[str, ...]
) -> None:
    settings = load_settings(tmp_path / "missing.toml", {"WFCONSOLE_JOURNAL_FALLBACKS": text})
    assert settings.journal.fallbacks == folders


def test_variables_that_mean_nothing_are_known_and_those_of_a_service_are_no_slip(tmp_path: Path) -> None:
    environment = {
        "WFCONSOLE_FOO": "1",
        "WFCONSOLE_THEME": "mono",
        "WFCONSOLE_CONFIG": "/c",
        "WFCONSOLE_CONSOLE_BELL": "no",
        "WFCONSOLE_SERVICE_HOST": "10.0.0.1",
        "WFCONSOLE_PORT": "tcp://10.0.0.1:80",
        "WFCONSOLE_PORT_80_TCP_ADDR": "10.0.0.1",
    }
    assert foreign_variables(environment) == ("WFCONSOLE_FOO",)
    del environment["WFCONSOLE_CONFIG"]
    assert load_settings(tmp_path / "missing.toml", environment).console.bell is False


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[console]\ntheme = 3\n", 2, "console.theme: this value does not fit (3); expected a name such as"),
        (
            "[intervals]\n\npods = 0\n",
            3,
            "intervals.pods: this value does not fit (0); expected a number of seconds from 1",
        ),
        ("[intervals]\npods = nan\n", 2, "intervals.pods: this value does not fit (nan)"),
        ("[intervals]\npods = true\n", 2, "intervals.pods: this value does not fit (True)"),
        ("[recording]\nkeep = 2.5\n", 2, "recording.keep: this value does not fit (2.5)"),
        ("[recording]\nmax_megabytes = 65\n", 2, "recording.max_megabytes: this value does not fit (65)"),
        (
            '[kubernetes]\nnamespaces = ["A"]\n',
            2,
            "kubernetes.namespaces: this value does not fit (['A']); expected names",
        ),
        (
            '[kubernetes]\nnamespaces = "a"\n',
            2,
            'kubernetes.namespaces: this is no list (a); expected a list in brackets, such as ["..."]: names',
        ),
        (
            '[console]\nglyphs = "emoji"\n',
            2,
            "console.glyphs: this value does not fit (emoji); expected theme, unicode or",
        ),
        (
            '[console]\ntimezone = "Mars"\n',
            2,
            "console.timezone: unknown time zone (Mars); expected UTC, local, or an IANA",
        ),
        ('[console]\ntimezone = "../../etc"\n', 2, "console.timezone: unknown time zone"),
        ('[runbook]\npath = "~nobody-at-all/x"\n', 2, "runbook.path: this home does not exist (~nobody-at-all/x)"),
        ("[console]\n\nthem = 1\n", 3, "console.them: unknown key; expected one of console.bell, "),
        (
            "[consol]\n",
            1,
            "consol: unknown key; expected one of ",
        ),
        ("console = 1\n", 1, "console: this is no table; expected a line [console], then its keys"),
        ("theme = 'a'\n", 1, "theme: unknown key"),
        ("[console]\ntheme = \n", 2, "this is not TOML: Invalid value; expected lines such as: key ="),
        ("[console\n", 1, "this is not TOML"),
        (
            '[[console.environments]]\ncontext = "a"\nword = "A"\n'
            '\n[[console.environments]]\ncontext = "b"\nword = ""\n',
            7,
            "console.environments: rule 2: word does not fit; expected one short word such as PROD",
        ),
        ('[[console.environments]]\ncontext = "a"\n', 1, "console.environments: rule 1 does not fit"),
        (
            '[[signals.rules]]\nname = "a"\npromql = "up"\nunit = "percent"\n',
            4,
            "signals.rules: rule 1: unit does not fit (percent); expected ratio, seconds, per-second, bytes or count",
        ),
        (
            '[[signals.rules]]\nname = "a"\n',
            1,
            "signals.rules: rule 1 does not fit: missing required field promql; expected tables [[signals.rules]]",
        ),
        (
            '[[signals.rules]]\nname = "a"\npromql = "up"\nwarning = 2\ncritical = 1\n',
            1,
            "signals.rules: rule 1 does not fit: critical lies before warning",
        ),
        (
            '[kubernetes]\nin_cluster = true\ncontext = "a"\n',
            3,
            "kubernetes.context: this does not go with in_cluster (a). Leave out one of the two.",
        ),
    ],
)
def test_a_mistake_in_the_file_is_told_with_line_value_and_what_was_expected(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    file = written(tmp_path, text)
    (problem,) = told(file)
    assert problem.startswith(f"{file}:{line}: {words}")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("[console]\nthem = 1\n", "Did you mean console.theme?"),
        ("[kubernets]\n", "Did you mean kubernetes?"),
        ("[kubernetes]\nnamespace = 'a'\n", "Did you mean kubernetes.namespaces?"),
    ],
)
def test_a_slip_of_the_finger_gets_a_hint(tmp_path: Path, text: str, hint: str) -> None:
    (problem,) = told(written(tmp_path, text))
    assert problem.endswith(hint)


def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path: Path) -> None:
    (problem,) = told(written(tmp_path, '[kubernetes]\nbearer_token = "hunter2"\n'))
    assert "hunter2" not in problem
    assert "secrets do not belong here" in problem


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        (
            "WFCONSOLE_CONSOLE_MOUSE",
            "maybe",
            "WFCONSOLE_CONSOLE_MOUSE: console.mouse: this value does not fit (maybe); expected true",
        ),
        (
            "WFCONSOLE_INTERVALS_PODS",
            "fast",
            "WFCONSOLE_INTERVALS_PODS: intervals.pods: this value does not fit (fast)",
        ),
        ("WFCONSOLE_RECORDING_KEEP", "", "WFCONSOLE_RECORDING_KEEP: recording.keep: this value does not fit"),
        (
            "WFCONSOLE_CONSOL_THEME",
            "x",
            "WFCONSOLE_CONSOL_THEME: unknown variable. Did you mean WFCONSOLE_CONSOLE_THEME?",
        ),
        ("WFCONSOLE_AWS_QQQQQQQQQQQQ", "x", "WFCONSOLE_AWS_QQQQQQQQQQQQ: unknown variable. Run: unset WFCONSOLE"),
        ("WFCONSOLE_SIGNALS_RULES", "x", "WFCONSOLE_SIGNALS_RULES: signals.rules: only the file can give this"),
        ("WFCONSOLE_JOURNAL_DIRECTORY", "here", "WFCONSOLE_JOURNAL_DIRECTORY: journal.directory: where the record"),
        ("WFCONSOLE_JOURNAL_FALLBACKS", "/a, b", "WFCONSOLE_JOURNAL_FALLBACKS: journal.fallbacks: where the record"),
        ("WFCONSOLE_JOURNAL_FALLBACKS", "[1]", "WFCONSOLE_JOURNAL_FALLBACKS: journal.fallbacks: this value does not"),
        ("WFCONSOLE_JOURNAL_FALLBACKS", "[/a]", "WFCONSOLE_JOURNAL_FALLBACKS: journal.fallbacks: this is no list"),
    ],
)
def test_a_mistake_in_a_variable_names_the_variable(tmp_path: Path, variable: str, value: str, words: str) -> None:
    (problem,) = told(tmp_path / "missing.toml", {variable: value})
    assert problem.startswith(words)


def test_a_mistake_on_the_command_line_names_it(tmp_path: Path) -> None:
    (problem,) = told(tmp_path / "missing.toml", {}, {"console.glyphs": "emoji"})
    assert problem.startswith("command line: console.glyphs: this value does not fit (emoji)")


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    file = written(tmp_path, "[intervals]\npods = 0\n[console]\nthem = 1\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(file, {"WFCONSOLE_CONSOLE_MOUSE": "maybe"})
    assert len(caught.value.problems) == 3
    assert str(caught.value).startswith("the configuration has problems:\n  ")


def test_what_is_said_closer_to_the_person_decides_between_pod_and_kubeconfig(tmp_path: Path) -> None:
    file = written(tmp_path, '[kubernetes]\ncontext = "a"\nkubeconfig = "/k"\n')
    in_pod = load_settings(file, {}, {"kubernetes.in_cluster": True}).kubernetes
    assert (in_pod.in_cluster, in_pod.context, in_pod.kubeconfig) == (True, "", "")
    file = written(tmp_path, "[kubernetes]\nin_cluster = true\n")
    outside = load_settings(file, {"WFCONSOLE_KUBERNETES_CONTEXT": "b"}).kubernetes
    assert (outside.in_cluster, outside.context) == (False, "b")


# --- the file itself ------------------------------------------------------------------------------------------------


def test_a_file_that_anybody_may_write_is_refused_with_the_remedy(tmp_path: Path) -> None:
    file = written(tmp_path, "[console]\n")
    file.chmod(stat.S_IRUSR | stat.S_IWUSR | stat.S_IWOTH)
    (problem,) = told(file)
    assert "anybody on this machine may write it" in problem
    assert problem.endswith(f"then run: chmod o-w {file}")


def test_a_file_that_somebody_named_must_exist(tmp_path: Path) -> None:
    missing = tmp_path / "missing.toml"
    assert told(missing, {"WFCONSOLE_CONFIG": str(missing)}) == [
        f"{missing}: cannot be read: No such file or directory; expected a TOML file that you may read"
    ]
    with pytest.raises(ConfigError):
        load_settings(missing, {}, needed=True)


def test_a_folder_or_a_pipe_is_no_configuration(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "it is a folder, not a file" in told(tmp_path)[0]
    assert "it is a pipe, not a file" in told(tmp_path / "pipe")[0]


def test_a_byte_order_mark_is_no_trouble(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(b"\xef\xbb\xbf[console]\ntheme = 'mono'\n")
    assert load_settings(file, {}).console.theme == "mono"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('[prometheus]\nurl = "http://user:hunter2@h"\n', "(redacted)@h"),
        ('[prometheus]\nurl = "user:hunter2@h"\n', "(redacted)@h"),
        ('[alertmanager]\nurl = "https://hunter2:hunter2@h/x"\n', "(redacted)@h/x"),
        ('[actions]\nnever_end = "postgres://u:hunter2@h"\n', "(redacted)@h"),
        ('[database]\nport = "password=hunter2"\n', "(redacted)"),
    ],
)
def test_a_refusal_never_repeats_a_secret(tmp_path: Path, text: str, shown: str) -> None:
    (problem,) = told(written(tmp_path, text))
    assert "hunter2" not in problem
    assert shown in problem


@pytest.mark.parametrize("url", ["http://[::1", "http://[::1]:9090x", "http://h:99999", "https://h:x"])
@pytest.mark.parametrize("table", ["prometheus", "alertmanager"])
def test_an_address_that_nobody_can_read_is_refused(tmp_path: Path, table: str, url: str) -> None:
    (problem,) = told(written(tmp_path, f'[{table}]\nurl = "{url}"\n'))
    assert f"config.toml:2: {table}.url: this is no address" in problem


def test_a_link_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.toml").symlink_to(tmp_path / "gone")
    assert "cannot be read" in told(tmp_path / "config.toml")[0]


def test_a_file_that_is_too_large_or_no_text_or_too_deep_is_told(tmp_path: Path) -> None:
    assert "larger than 256 KiB" in told(written(tmp_path, "#" * 300_000))[0]
    assert "nested too deeply" in told(written(tmp_path, "a = " + "[" * 50_000))[0]
    file = written(tmp_path, "")
    file.write_bytes(b"# fine\n\xff\n")
    assert told(file)[0].startswith(f"{file}:2: bytes that are not UTF-8")


def test_hostile_text_is_inert_in_what_is_told(tmp_path: Path) -> None:
    hostile = "\\u001b]52;c;aGk=\\u0007\\u202e[/]"
    file = written(tmp_path, f'[console]\ntheme = ["{hostile}"]\n"{hostile}" = 1\n["{hostile}"]\n')
    with pytest.raises(ConfigError) as caught:
        load_settings(file, {"WFCONSOLE_CONSOLE_MOUSE": "\x1b[2J", "WFCONSOLE_CONSOLE_THEM\x1b": ""})
    assert len(caught.value.problems) == 5
    assert all(is_safe(line) for line in str(caught.value).split("\n"))


# --- documentation --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", known_settings())
def test_everything_that_can_be_set_is_explained(key: str) -> None:
    found = known_settings()[key]
    assert found.description
    assert found.expected
    assert found.variable == "WFCONSOLE_" + key.replace(".", "_").upper()


def test_no_secret_can_be_set() -> None:
    words = ("password", "token", "secret", "webhook")
    keys = known_settings()
    named = [key for key in keys if any(word in key for word in words)]
    texts = [key for key in named if not isinstance(keys[key].default, float | int)]
    assert all(key.endswith("_file") and keys[key].is_path for key in texts)
