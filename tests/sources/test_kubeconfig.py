"""kubeconfig files and service accounts become an `Access`, or an error that names the place and the remedy."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from wfconsole.clock import SECOND
from wfconsole.sources.contract import SourceError
from wfconsole.sources.kubernetes.access import Access
from wfconsole.sources.kubernetes.kubeconfig import from_service_account, load_access
from wfconsole.sources.kubernetes.plugin import run_plugin
from wfconsole.sources.kubernetes.tunnel import proxy_for

CONFIG = """
apiVersion: v1
kind: Config
current-context: prod
clusters:
- name: main
  cluster: {server: "https://api.example:6443/base/", certificate-authority: certs/ca.pem, tls-server-name: api}
users:
- name: me
  user: {token: t0ken, as: boss, as-groups: [oncall]}
contexts:
- name: prod
  context: {cluster: main, user: me, namespace: shop}
- name: broken
  context: {cluster: nowhere, user: me}
- name: anonymous
  context: {cluster: main}
"""


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def written(folder: Path, content: str | dict[str, Any] = CONFIG, name: str = "config") -> str:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


def with_user(folder: Path, **user: Any) -> str:
    named = {"name": "c", "context": {"cluster": "c", "user": "c"}}
    cluster = {"name": "c", "cluster": {"server": "https://api.example"}}
    return written(
        folder,
        {"current-context": "c", "contexts": [named], "clusters": [cluster], "users": [{"name": "c", "user": user}]},
    )


def test_the_current_context_is_read(tmp_path: Path) -> None:
    access = load_access(written(tmp_path))
    assert (access.host, access.port, access.tls, access.base_path) == ("api.example", 6443, True, "/base")
    assert (access.context, access.namespace, access.token, access.server_name) == ("prod", "shop", "t0ken", "api")
    assert access.ca_file == str(tmp_path / "certs/ca.pem")
    assert access.impersonate == (("Impersonate-User", "boss"), ("Impersonate-Group", "oncall"))


def test_a_named_context_wins(tmp_path: Path) -> None:
    access = load_access(written(tmp_path), "anonymous")
    assert (access.context, access.namespace, access.token) == ("anonymous", "default", "")


def test_nothing_of_an_access_can_be_read_from_its_text(tmp_path: Path) -> None:
    assert "t0ken" not in repr(load_access(written(tmp_path)))


@pytest.mark.parametrize(
    ("context", "said", "remedy"),
    [
        ("nope", "no context 'nope'", "prod, broken, anonymous"),
        ("broken", "no cluster 'nowhere'", "main"),
    ],
)
def test_a_name_that_is_not_there_is_told_with_those_that_are(
    tmp_path: Path, context: str, said: str, remedy: str
) -> None:
    with pytest.raises(SourceError) as told:
        load_access(written(tmp_path), context)
    assert told.value.kind == "configuration"
    assert said in told.value.message
    assert remedy in told.value.remedy


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "config"),
        ("a: [1", "not YAML"),
        ("clusters: 5", "Expected `array | null`"),
        ("[1, 2]", "Expected `object`"),
        ("{}", "no context in it"),
        ("contexts: [{name: a}]", "no current context"),
        (CONFIG.replace("https://api.example:6443/base/", "ftp://api"), "is no address"),
        (CONFIG.replace("https://api.example:6443/base/", "https://api:port"), "server"),
        (CONFIG.replace("token: t0ken", "client-key-data: 'x'"), "is not base64"),
        (CONFIG.replace("token: t0ken", "exec: 5"), "user me"),
    ],
)
def test_a_file_that_is_wrong_is_an_error_with_its_place(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(SourceError) as told:
        load_access(written(tmp_path, content))
    assert told.value.kind == "configuration"
    assert said in told.value.message
    assert told.value.remedy


@pytest.mark.parametrize(
    "content",
    [
        CONFIG.replace("https://api.example:6443/base/", "https://me:hunter2@api:port"),
        CONFIG.replace("https://api.example:6443/base/", "ftp://me:hunter2@api"),
        "users: [{name: me, user: {password: hunter2\n",
    ],
)
def test_an_error_never_repeats_a_secret(tmp_path: Path, content: str) -> None:
    with pytest.raises(SourceError) as told:
        load_access(written(tmp_path, content))
    assert "hunter2" not in told.value.message + told.value.remedy


def test_no_file_at_all(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no kubeconfig"):
        load_access(str(tmp_path / "missing"))
    with pytest.raises(SourceError, match="no kubeconfig"):
        load_access()


def test_several_files_are_merged_and_the_first_one_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = written(tmp_path, "current-context: anonymous\nusers:\n- name: me\n  user: {token: first}\n", "first")
    second = written(tmp_path, name="second")
    monkeypatch.setenv("KUBECONFIG", f"{first}:{tmp_path / 'missing'}:{second}")
    assert load_access().context == "anonymous"
    assert load_access(context="prod").token == "first"


def test_json_is_a_kubeconfig_too(tmp_path: Path) -> None:
    assert load_access(with_user(tmp_path, token="x")).host == "api.example"


def test_certificates_in_the_file_are_decoded(tmp_path: Path) -> None:
    pem = "-----BEGIN CERTIFICATE-----\n"
    data = base64.b64encode(pem.encode()).decode()
    access = load_access(with_user(tmp_path, **{"client-certificate-data": data, "client-key-data": data}))
    assert (access.client_pem, access.client_key_pem) == (pem, pem)


def test_a_plugin_is_named_and_not_run(tmp_path: Path) -> None:
    access = load_access(with_user(tmp_path, exec={"command": "touch", "args": [str(tmp_path / "ran")]}))
    assert str(access.plugin) == f"touch {tmp_path / 'ran'}"
    assert not (tmp_path / "ran").exists()


def test_an_auth_provider_that_gives_nothing_is_told_with_what_takes_its_place(tmp_path: Path) -> None:
    access = load_access(with_user(tmp_path, **{"auth-provider": {"name": "gcp", "config": {}}}))
    with pytest.raises(SourceError) as told:
        run_plugin(access, 30 * SECOND)
    assert told.value.message == "the kubeconfig's auth-provider gcp gave no credentials"
    assert "gcloud container clusters get-credentials" in told.value.remedy


def account(folder: Path) -> Path:
    folder.mkdir()
    for name, content in (("token", "abc\n"), ("ca.crt", "pem"), ("namespace", "war\n")):
        (folder / name).write_text(content)
    return folder


def test_the_service_account_of_a_pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    access = from_service_account(account(tmp_path / "account"))
    assert (access.server, access.namespace, access.context) == ("https://[fd00::1]:443", "war", "in-cluster")


def test_what_is_no_pod_has_no_service_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SourceError, match="this is no pod"):
        load_access(in_cluster=True)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    with pytest.raises(SourceError, match="no service account token"):
        from_service_account(tmp_path)


# --- proxies --------------------------------------------------------------------------------------------------------


def reaching(host: str = "api.example", proxy: str = "") -> Access:
    return Access(server=f"https://{host}", host=host, port=443, proxy=proxy)


def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:pa%20ss@proxy.example:3128")
    proxy = proxy_for(reaching())
    assert proxy is not None
    assert (proxy.host, proxy.port) == ("proxy.example", 3128)
    assert proxy.authorization == "Basic " + base64.b64encode(b"user:pa ss").decode()


@pytest.mark.parametrize(
    ("host", "excepted"),
    [("api.example", "api.example"), ("api.example", ".example"), ("10.1.2.3", "10.0.0.0/8"), ("x", "*")],
)
def test_what_no_proxy_names_goes_straight(monkeypatch: pytest.MonkeyPatch, host: str, excepted: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example")
    monkeypatch.setenv("NO_PROXY", f"other, {excepted}")
    assert proxy_for(reaching(host)) is None


def test_loopback_never_goes_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example")
    assert proxy_for(reaching("127.0.0.1")) is None


def test_the_kubeconfigs_proxy_wins_and_only_http_is_spoken() -> None:
    proxy = proxy_for(reaching(proxy="http://inner:8080"))
    assert proxy is not None
    assert proxy.host == "inner"
    with pytest.raises(SourceError, match="socks5"):
        proxy_for(reaching(proxy="socks5://inner:1080"))
