"""Credentials that have to be asked for: exec plugins and the legacy auth providers.

`run_plugin` starts this module as a child process, and only there the `kubernetes` package is loaded, which knows the
protocols. A plugin that hangs (a browser login that nobody sees) is killed with everything it started.

Run as: python -m wfconsole.sources.kubernetes.plugin KUBECONFIG CONTEXT LIFELINE
where LIFELINE is the descriptor of a pipe that ends when nobody waits for the answer any more.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading

import msgspec

from wfconsole.clock import Millis
from wfconsole.decoding import decoder_of
from wfconsole.sources.contract import SourceError
from wfconsole.sources.kubernetes.access import Access
from wfconsole.text import safe

_MOST_BYTES = 1024 * 1024
# kubectl knows none of them since 1.26.
_NO_PROVIDERS = (
    "Auth providers are no part of Kubernetes any more: write this user anew with a credential plugin, "
    "for GKE with `gcloud container clusters get-credentials`."
)


class PluginAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the plugin gave. `expires_at` in seconds since the epoch; 0 when it did not say."""

    authorization: str = ""
    client_pem: str = ""
    client_key_pem: str = ""
    expires_at: float = 0.0
    problem: str = ""

    def __repr__(self) -> str:
        return "PluginAnswer(...)"


def run_plugin(access: Access, deadline_ms: Millis) -> PluginAnswer:
    """Ask the context's plugin. Raises SourceError that shows its command line."""
    import subprocess

    shown = safe(str(access.plugin or f"auth-provider {access.provider}"), 200)
    remedy = f"Run it by hand: {shown}" if access.plugin else _NO_PROVIDERS
    far_end, lifeline = os.pipe()  # ends with this process, however it ends, and the plugin with it
    try:
        # A session of its own: it can be killed with its children, and no plugin can ask our terminal for a password.
        child = subprocess.Popen(
            [sys.executable, "-m", __name__, access.kubeconfig, access.context, str(far_end)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=(far_end,),
        )
        output, _ = child.communicate(timeout=deadline_ms / 1000)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        said = f"the credential plugin did not answer within {deadline_ms / 1000:.0f} s: {shown}"
        raise SourceError("timeout", said, remedy=remedy) from None
    finally:
        os.close(far_end)
        os.close(lifeline)
    try:
        answer = decoder_of(PluginAnswer).decode(output[-_MOST_BYTES:].splitlines()[-1])
    except (msgspec.DecodeError, IndexError):
        answer = PluginAnswer(problem=f"exit code {child.returncode}")
    if answer.problem and access.plugin is None:
        raise SourceError("denied", f"the kubeconfig's {shown} gave no credentials", remedy=remedy)
    if answer.problem:
        said = f"the credential plugin failed: {safe(answer.problem, 300)}"
        raise SourceError("denied", said, remedy=remedy)
    return answer


def _ask(kubeconfig: str, context: str) -> PluginAnswer:
    from kubernetes.client import Configuration
    from kubernetes.config.kube_config import KubeConfigLoader, KubeConfigMerger

    complaints = _Complaints()
    logging.getLogger().addHandler(complaints)  # the package logs what a plugin did wrong instead of raising it
    merged = KubeConfigMerger(kubeconfig).config
    loader = KubeConfigLoader(config_dict=merged, active_context=context, config_base_path=None)
    configuration = Configuration()
    loader.load_and_set(configuration)
    if not configuration.api_key and not configuration.cert_file:
        return PluginAnswer(problem=complaints.last or "it gave neither a token nor a certificate")
    expiry = getattr(loader, "expiry", None)
    return PluginAnswer(
        # 36 keeps it under the first name, the versions before under the second.
        authorization=configuration.api_key.get("BearerToken") or configuration.api_key.get("authorization", ""),
        client_pem=_content(configuration.cert_file),
        client_key_pem=_content(configuration.key_file),
        expires_at=expiry.timestamp() if expiry else 0.0,
    )


class _Complaints(logging.Handler):
    last = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.last = record.getMessage()


def _content(path: str | None) -> str:
    if not path:
        return ""
    with open(path, encoding="ascii") as file:
        return file.read()


def _end_with_the_parent(lifeline: int) -> None:
    """Nobody waits for the answer any more: end, with the plugin and everything that it started."""
    os.read(lifeline, 1)
    os.killpg(0, signal.SIGKILL)


def main() -> int:
    """Print the answer as one line of JSON."""
    lifeline = int(sys.argv[3])
    os.set_inheritable(lifeline, False)
    threading.Thread(target=_end_with_the_parent, args=(lifeline,), daemon=True).start()
    try:
        answer = _ask(sys.argv[1], sys.argv[2])
    except Exception as error:  # noqa: BLE001  plugins fail in every way there is; the reason goes to the screen
        answer = PluginAnswer(problem=f"{type(error).__name__}: {error}")
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
