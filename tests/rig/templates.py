"""The statuses and events that the stages write, as Go templates over the object they are rendered for."""

import re
from pathlib import Path

from tests.rig.api import Object

PULL_ERROR = "rpc error: code = NotFound desc = failed to pull and unpack image: manifest unknown"
EVICTION_MESSAGE = "The node was low on resource: memory. Threshold quantity: 100Mi, available: 61Mi."

_NOW = "{{ $now := Now }}{{ $root := . }}\n"
_IMAGE_ID = 'imageID: {{ printf "sha256:%s" (sha256sum $c.image) | Quote }}'
_CONTAINER_ID = (
    '{{ printf "containerd://%s" (sha256sum (printf "%s/%s/%v" $root.metadata.uid $c.name $restarts)) | Quote }}'
)
_ADDRESSES = """
hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
{{ with PodIPWith .spec.nodeName (or .spec.hostNetwork false) (or .metadata.uid "") (or .metadata.name "") (or .metadata.namespace "") }}
podIP: {{ . | Quote }}
podIPs:
- ip: {{ . | Quote }}
{{ end }}
"""


def status(template: str) -> Object:
    """A step that merges the rendered template into the object's status."""
    return {"patch": {"subresource": "status", "root": "status", "type": "strategic", "template": template}}


def go_fault(annotation: str) -> str:
    """A Go expression: the pod's fault, "" when it has none."""
    return f'(index (or $root.metadata.annotations dict) "{annotation}" | default "")'


def go_crashes(annotation: str, tag: str) -> str:
    """A Go expression: whether the pod's first container exits soon after its start."""
    image = "(index $root.spec.containers 0).image"
    return f'(or (eq {go_fault(annotation)} "crash-loop") (hasSuffix ":{tag}" {image}))'


def event(kind: str, reason: str, message: str, tag: str = "") -> Object:
    """A step that records an event as a kubelet does: one object for each pod and reason, its count growing.

    `message` may hold {image}, {container} and {pod}. `tag` tells two events of one reason apart.
    """
    return _apply_event(
        "Pod",
        kind,
        reason,
        message,
        name=f'{{{{ .metadata.name }}}}.{{{{ trunc 16 (sha256sum (print .metadata.uid "{reason}{tag}")) }}}}',
        about_more=(
            "  namespace: {{ .metadata.namespace | Quote }}\n"
            '  fieldPath: {{ printf "spec.containers{%s}" (index .spec.containers 0).name | Quote }}\n'
        ),
        host="{{ .spec.nodeName | Quote }}",
    )


_NAMES = {
    "image": "(index $root.spec.containers 0).image",
    "container": "(index $root.spec.containers 0).name",
    "pod": "$root.metadata.name",
    "node": "$root.metadata.name",
}


def _text(message: str) -> str:
    """A quoted YAML string from a message that may hold {image}, {container}, {pod} or {node}."""
    names = re.findall(r"\{(\w+)\}", message)
    form = re.sub(r"\{\w+\}", "%s", message).replace('"', '\\"')
    return f'{{{{ printf "{form}" {" ".join(_NAMES[name] for name in names)} | Quote }}}}'


def node_event(kind: str, reason: str, message: str) -> Object:
    """A step that records an event about a node; {node} in the message is its name."""
    return _apply_event(
        "Node",
        kind,
        reason,
        message,
        name=f'{{{{ .metadata.name }}}}.{{{{ trunc 16 (sha256sum (print "{reason}" Now)) }}}}',
        about_more="",
        host="{{ .metadata.name | Quote }}",
    )


def _apply_event(about: str, kind: str, reason: str, message: str, name: str, about_more: str, host: str) -> Object:
    template = f"""{_NOW}{{{{ $count := 1 }}}}
{{{{ if .status.containerStatuses }}}}
{{{{ $count = add 1 (atoi (toString (index .status.containerStatuses 0).restartCount)) }}}}
{{{{ end }}}}
apiVersion: v1
kind: Event
metadata:
  name: {name}
  namespace: {{{{ or .metadata.namespace "default" | Quote }}}}
involvedObject:
  apiVersion: v1
  kind: {about}
  name: {{{{ .metadata.name | Quote }}}}
  uid: {{{{ .metadata.uid | Quote }}}}
{about_more}
type: {kind}
reason: {reason}
message: {_text(message)}
source:
  component: kubelet
  host: {host}
reportingComponent: kubelet
reportingInstance: {host}
firstTimestamp: {{{{ if gt (int $count) 1 }}}}{{{{ or .status.startTime $now | Quote }}}}{{{{ else }}}}{{{{ $now | Quote }}}}{{{{ end }}}}
lastTimestamp: {{{{ $now | Quote }}}}
count: {{{{ $count }}}}
"""
    return {"apply": {"type": "merge", "template": template}}


def previous_log(logs: Path) -> Object:
    """A step that gives the pod a log of its own whose previous container ended in a crash."""
    template = f"""
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Logs
metadata:
  name: {{{{ .metadata.name | Quote }}}}
  namespace: {{{{ .metadata.namespace | Quote }}}}
  ownerReferences:
  - apiVersion: v1
    kind: Pod
    name: {{{{ .metadata.name | Quote }}}}
    uid: {{{{ .metadata.uid | Quote }}}}
spec:
  logs:
{{{{ range $i, $c := .spec.containers }}}}
  - containers: [{{{{ $c.name | Quote }}}}]
    logsFile: {{{{ printf "{logs}/%s.log" $c.name | Quote }}}}
    follow: true
{{{{ if eq $i 0 }}}}
    previousLogsFile: {{{{ printf "{logs}/%s.crash.log" $c.name | Quote }}}}
{{{{ end }}}}
{{{{ end }}}}
"""
    return {"apply": {"type": "merge", "template": template}}


def _conditions(ready: str, reason: str = "ContainersNotReady") -> str:
    """Ready and ContainersReady; `ready` is a Go expression. A condition that stays as it is keeps its time."""
    return f"""
{{{{ $ready := "False" }}}}{{{{ if {ready} }}}}{{{{ $ready = "True" }}}}{{{{ end }}}}
{{{{ $since := $now }}}}
{{{{ range .status.conditions }}}}
{{{{ if and (eq .type "Ready") (eq .status $ready) }}}}{{{{ $since = .lastTransitionTime }}}}{{{{ end }}}}
{{{{ end }}}}
conditions:
{{{{ range list "Ready" "ContainersReady" }}}}
- type: {{{{ . }}}}
  status: {{{{ $ready | Quote }}}}
  lastTransitionTime: {{{{ $since | Quote }}}}
{{{{ if eq $ready "False" }}}}
  reason: {reason}
  message: {{{{ printf "containers with unready status: [%s]" (index $root.spec.containers 0).name | Quote }}}}
{{{{ else }}}}
  reason: null
  message: null
{{{{ end }}}}
{{{{ end }}}}
"""


def _initialized(value: str) -> str:
    return f"""
- type: PodReadyToStartContainers
  status: "{value}"
  lastTransitionTime: {{{{ $now | Quote }}}}
- type: Initialized
  status: "{value}"
  reason: null
  lastTransitionTime: {{{{ $now | Quote }}}}
"""


def _first_container(body: str) -> str:
    """All container statuses: the first as given (indented by two), the others as they are."""
    return f"""
containerStatuses:
{{{{ range $i, $c := .spec.containers }}}}
{{{{ $was := dict }}}}
{{{{ if $root.status.containerStatuses }}}}{{{{ $was = index $root.status.containerStatuses $i }}}}{{{{ end }}}}
{{{{ $restarts := atoi (toString (or $was.restartCount 0)) }}}}
{{{{ if eq $i 0 }}}}
- name: {{{{ $c.name | Quote }}}}
  image: {{{{ $c.image | Quote }}}}
{body}
{{{{ else }}}}
- {{{{ YAML $was 1 }}}}
{{{{ end }}}}
{{{{ end }}}}
"""


ADMITTED = (
    _NOW
    + _conditions("false")
    + """
{{ if .spec.initContainers }}
- type: Initialized
  status: "False"
  reason: ContainersNotInitialized
  lastTransitionTime: {{ $now | Quote }}
{{ end }}
startTime: {{ $now | Quote }}
hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
initContainerStatuses:
{{ range $c := .spec.initContainers }}
- name: {{ $c.name | Quote }}
  image: {{ $c.image | Quote }}
  imageID: ""
  ready: false
  started: true
  restartCount: 0
  state: {running: {startedAt: {{ $now | Quote }}}}
{{ end }}
containerStatuses:
{{ range $c := .spec.containers }}
- name: {{ $c.name | Quote }}
  image: {{ $c.image | Quote }}
  imageID: ""
  ready: false
  started: false
  restartCount: 0
  state: {waiting: {reason: ContainerCreating}}
{{ end }}
"""
)


def started(ready: str) -> str:
    """Running; the first container is ready if the Go expression says so, the others are."""
    return (
        _NOW
        + _conditions(ready)
        + _initialized("True")
        + _ADDRESSES
        + f"""
phase: Running
initContainerStatuses:
{{{{ range $c := .spec.initContainers }}}}
{{{{ $restarts := 0 }}}}
- name: {{{{ $c.name | Quote }}}}
  image: {{{{ $c.image | Quote }}}}
  {_IMAGE_ID}
  ready: true
  started: false
  restartCount: 0
  state: {{terminated: {{exitCode: 0, reason: Completed, startedAt: {{{{ $root.status.startTime | Quote }}}}, finishedAt: {{{{ $now | Quote }}}}}}}}
{{{{ end }}}}
containerStatuses:
{{{{ range $i, $c := .spec.containers }}}}
{{{{ $restarts := 0 }}}}
- name: {{{{ $c.name | Quote }}}}
  image: {{{{ $c.image | Quote }}}}
  {_IMAGE_ID}
  containerID: {_CONTAINER_ID}
  ready: {{{{ or (gt $i 0) (eq $ready "True") }}}}
  started: true
  restartCount: 0
  state: {{running: {{startedAt: {{{{ $now | Quote }}}}}}}}
{{{{ end }}}}
"""
    )


def waiting(reason: str, message: str) -> str:
    """Pending, the first container waiting to be created; {image} in the message is its image."""
    body = f"""  imageID: ""
  ready: false
  started: false
  restartCount: 0
  state: {{waiting: {{reason: {reason}, message: {_text(message)}}}}}"""
    return _NOW + _conditions("false") + _first_container(body)


def crashed(reason: str, code: int) -> str:
    """The first container has ended and waits for its restart; how it ended is in lastState."""
    body = f"""  {_IMAGE_ID}
  containerID: {_CONTAINER_ID}
  ready: false
  started: false
  restartCount: {{{{ $restarts }}}}
  state:
    waiting:
      reason: CrashLoopBackOff
      message: {{{{ printf "back-off restarting failed container=%s pod=%s_%s(%s)" $c.name $root.metadata.name $root.metadata.namespace $root.metadata.uid | Quote }}}}
  lastState:
    terminated:
      exitCode: {code}
      reason: {reason}
      startedAt: {{{{ $was.state.running.startedAt | Quote }}}}
      finishedAt: {{{{ $now | Quote }}}}
      containerID: {_CONTAINER_ID}"""
    return _NOW + _conditions("false") + _first_container(body)


def restarted(ready: str) -> str:
    """The first container runs again, its restart counted."""
    body = f"""  {_IMAGE_ID}
  {{{{ $restarts = add $restarts 1 }}}}
  containerID: {_CONTAINER_ID}
  ready: {{{{ eq $ready "True" }}}}
  started: true
  restartCount: {{{{ $restarts }}}}
  state: {{running: {{startedAt: {{{{ $now | Quote }}}}}}}}
{{{{ with $was.lastState }}}}
  lastState:
    {{{{ YAML . 2 }}}}
{{{{ end }}}}"""
    return _NOW + _conditions(ready) + _first_container(body)


def recovered() -> str:
    """Nothing is wrong any more: a waiting container is started again, and all are ready."""
    body = f"""  {_IMAGE_ID}
  {{{{ $since := $now }}}}
  {{{{ with $was.state.running }}}}{{{{ $since = .startedAt }}}}{{{{ else }}}}{{{{ $restarts = add $restarts 1 }}}}{{{{ end }}}}
  containerID: {_CONTAINER_ID}
  ready: true
  started: true
  restartCount: {{{{ $restarts }}}}
  state: {{running: {{startedAt: {{{{ $since | Quote }}}}}}}}
{{{{ with $was.lastState }}}}
  lastState:
    {{{{ YAML . 2 }}}}
{{{{ end }}}}"""
    return _NOW + _conditions("true") + _first_container(body)


def unready() -> str:
    """Everything runs, and the first container's readiness probe fails."""
    body = """  imageID: {{ $was.imageID | Quote }}
  containerID: {{ $was.containerID | Quote }}
  ready: false
  started: true
  restartCount: {{ $restarts }}
  state:
    {{ YAML $was.state 2 }}
{{ with $was.lastState }}
  lastState:
    {{ YAML . 2 }}
{{ end }}"""
    return _NOW + _conditions("false") + _first_container(body)


EVICTED = (
    _NOW
    + _conditions("false", "PodFailed")
    + """
- type: DisruptionTarget
  status: "True"
  reason: TerminationByKubelet
  message: "%s"
  lastTransitionTime: {{ $now | Quote }}
phase: Failed
reason: Evicted
message: "%s"
containerStatuses:
{{ range $c := .status.containerStatuses }}
- name: {{ $c.name | Quote }}
  image: {{ $c.image | Quote }}
  imageID: {{ $c.imageID | Quote }}
  ready: false
  started: false
  restartCount: {{ $c.restartCount }}
  state: {terminated: {exitCode: 137, reason: Error, finishedAt: {{ $now | Quote }}}}
{{ end }}
"""
    % (EVICTION_MESSAGE, EVICTION_MESSAGE)
)

COMPLETED = (
    _NOW
    + _conditions("false", "PodCompleted")
    + """
phase: Succeeded
containerStatuses:
{{ range $c := .status.containerStatuses }}
- name: {{ $c.name | Quote }}
  image: {{ $c.image | Quote }}
  imageID: {{ $c.imageID | Quote }}
  ready: false
  started: false
  restartCount: 0
  state: {terminated: {exitCode: 0, reason: Completed, startedAt: {{ $c.state.running.startedAt | Quote }}, finishedAt: {{ $now | Quote }}}}
{{ end }}
"""
)

BULK_RUNNING = started("true")

_NODE_CONDITIONS = """
conditions:
{{ range NodeConditions }}
- type: {{ .type | Quote }}
  status: {{ .status | Quote }}
  reason: {{ .reason | Quote }}
  message: {{ .message | Quote }}
  lastHeartbeatTime: {{ $now | Quote }}
  lastTransitionTime: {{ $now | Quote }}
{{ end }}
"""

NODE_READY = (
    _NOW
    + _NODE_CONDITIONS
    + """
addresses:
- type: InternalIP
  address: {{ NodeIP | Quote }}
- type: Hostname
  address: {{ .metadata.name | Quote }}
daemonEndpoints:
  kubeletEndpoint:
    Port: {{ NodePort }}
phase: Running
"""
)

NODE_HEARTBEAT = (
    _NOW
    + """
conditions:
{{ range .status.conditions }}
- type: {{ .type | Quote }}
  lastHeartbeatTime: {{ $now | Quote }}
{{ end }}
"""
)


def memory_pressure(value: str, reason: str, message: str) -> str:
    """The node's MemoryPressure condition."""
    return f"""{_NOW}
conditions:
- type: MemoryPressure
  status: "{value}"
  reason: {reason}
  message: {message}
  lastHeartbeatTime: {{{{ $now | Quote }}}}
  lastTransitionTime: {{{{ $now | Quote }}}}
"""
