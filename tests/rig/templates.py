"""The statuses that the stages write, as Go templates over the object they are rendered for.

In the part about one container, `$c` is its specification, `$was` its status so far, `$restarts` its restart count.
The rest of the notation is told in `steps.py`.
"""

from tests.rig.steps import fill, text

PULL_ERROR = "rpc error: code = NotFound desc = failed to pull and unpack image: manifest unknown"
EVICTION = "The node was low on resource: memory. Threshold quantity: 100Mi, available: 61Mi."


def fault_is(annotation: str, fault: str) -> str:
    """A Go expression: whether the pod has this fault."""
    return f'eq (index (or $root.metadata.annotations dict) "{annotation}" | default "") "{fault}"'


def image_tag_is(tag: str) -> str:
    """A Go expression: whether the pod's first container has this image tag."""
    return f'hasSuffix ":{tag}" (index $root.spec.containers 0).image'


#: Ready and ContainersReady. A condition that stays as it is keeps its time.
_CONDITIONS = """
{{ $ready := "False" }}{{ if <<ready>> }}{{ $ready = "True" }}{{ end }}
{{ $since := $now }}
{{ range .status.conditions }}
{{ if and (eq .type "Ready") (eq .status $ready) }}{{ $since = .lastTransitionTime }}{{ end }}
{{ end }}
conditions:
{{ range list "Ready" "ContainersReady" }}
- type: {{ . }}
  status: {{ $ready | Quote }}
  lastTransitionTime: {{ $since | Quote }}
{{ if eq $ready "True" }}
  reason: null
  message: null
{{ else }}
  reason: <<reason>>
  message: {{ printf "containers with unready status: [%s]" (index $root.spec.containers 0).name | Quote }}
{{ end }}
{{ end }}
"""

#: All container statuses: the first as given, the others as they are. The API replaces the list as a whole.
_FIRST_CONTAINER = """
containerStatuses:
{{ range $i, $c := .spec.containers }}
{{ $was := index $root.status.containerStatuses $i }}
{{ $restarts := atoi (toString $was.restartCount) }}
{{ if eq $i 0 }}
- name: {{ $c.name | Quote }}
  image: {{ $c.image | Quote }}
<<body>>
{{ else }}
- {{ YAML $was 1 }}
{{ end }}
{{ end }}
"""

_IMAGE_ID = 'imageID: {{ printf "sha256:%s" (sha256sum $c.image) | Quote }}'
_CONTAINER_ID = """
  {{ $run := sha256sum (printf "%s/%s/%v" $root.metadata.uid $c.name $restarts) }}
  containerID: {{ printf "containerd://%s" $run | Quote }}
"""
_LAST_STATE = """
{{ with $was.lastState }}
  lastState:
    {{ YAML . 2 }}
{{ end }}
"""


def _changed(body: str, ready: str = "false") -> str:
    """A status in which the first container's is `body`; `ready` is a Go expression about the whole pod."""
    filled = fill(body, image_id=_IMAGE_ID, container_id=_CONTAINER_ID, last_state=_LAST_STATE)
    return fill(_CONDITIONS, ready=ready, reason="ContainersNotReady") + fill(_FIRST_CONTAINER, body=filled)


ADMITTED = (
    fill(_CONDITIONS, ready="false", reason="ContainersNotReady")
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

_STARTED = """
{{ range list "PodReadyToStartContainers" "Initialized" }}
- type: {{ . }}
  status: "True"
  reason: null
  lastTransitionTime: {{ $now | Quote }}
{{ end }}
phase: Running
hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
{{ with PodIPWith .spec.nodeName false .metadata.uid .metadata.name .metadata.namespace }}
podIP: {{ . | Quote }}
podIPs: [{ip: {{ . | Quote }}}]
{{ end }}
initContainerStatuses:
{{ range $c := .spec.initContainers }}
- name: {{ $c.name | Quote }}
  image: {{ $c.image | Quote }}
  <<image_id>>
  ready: true
  started: false
  restartCount: 0
  state:
    terminated:
      exitCode: 0
      reason: Completed
      startedAt: {{ $root.status.startTime | Quote }}
      finishedAt: {{ $now | Quote }}
{{ end }}
containerStatuses:
{{ range $i, $c := .spec.containers }}
{{ $restarts := 0 }}
- name: {{ $c.name | Quote }}
  image: {{ $c.image | Quote }}
  <<image_id>>
<<container_id>>
  ready: {{ or (gt $i 0) (eq $ready "True") }}
  started: true
  restartCount: 0
  state: {running: {startedAt: {{ $now | Quote }}}}
{{ end }}
"""


def started(ready: str = "true") -> str:
    """Running; the first container is ready if the Go expression says so, the others are."""
    conditions = fill(_CONDITIONS, ready=ready, reason="ContainersNotReady")
    return conditions + fill(_STARTED, image_id=_IMAGE_ID, container_id=_CONTAINER_ID)


def waiting(reason: str, message: str) -> str:
    """Pending, the first container waiting to be created; {image} in the message is its image."""
    body = """
  imageID: ""
  ready: false
  started: false
  restartCount: 0
  state: {waiting: {reason: <<reason>>, message: <<message>>}}
"""
    return _changed(fill(body, reason=reason, message=text(message)))


def crashed(reason: str, code: int) -> str:
    """The first container has ended and waits for its restart; how it ended is in lastState."""
    body = """
  <<image_id>>
<<container_id>>
  ready: false
  started: false
  restartCount: {{ $restarts }}
  state:
    waiting:
      reason: CrashLoopBackOff
      message: <<message>>
  lastState:
    terminated:
      exitCode: <<code>>
      reason: <<reason>>
      startedAt: {{ $was.state.running.startedAt | Quote }}
      finishedAt: {{ $now | Quote }}
      containerID: {{ printf "containerd://%s" $run | Quote }}
"""
    message = text("back-off restarting failed container={container} pod={pod}")
    return _changed(fill(body, message=message, code=str(code), reason=reason))


def restarted(ready: str) -> str:
    """The first container runs again, its restart counted; `ready` is a Go expression."""
    body = """
  <<image_id>>
  {{ $restarts = add $restarts 1 }}
<<container_id>>
  ready: {{ eq $ready "True" }}
  started: true
  restartCount: {{ $restarts }}
  state: {running: {startedAt: {{ $now | Quote }}}}
<<last_state>>
"""
    return _changed(body, ready)


#: Nothing is wrong any more: a waiting container is started again, and all are ready.
RECOVERED = _changed(
    """
  <<image_id>>
  {{ $started := $now }}
  {{ if $was.state.running }}{{ $started = $was.state.running.startedAt }}{{ end }}
  {{ if $was.state.waiting }}{{ $restarts = add $restarts 1 }}{{ end }}
<<container_id>>
  ready: true
  started: true
  restartCount: {{ $restarts }}
  state: {running: {startedAt: {{ $started | Quote }}}}
<<last_state>>
""",
    ready="true",
)

#: Everything runs, and the first container's readiness probe fails.
UNREADY = _changed("""
  imageID: {{ $was.imageID | Quote }}
  containerID: {{ $was.containerID | Quote }}
  ready: false
  started: true
  restartCount: {{ $restarts }}
  state:
    {{ YAML $was.state 2 }}
<<last_state>>
""")

_ENDED = """
<<more>>
containerStatuses:
{{ range $c := .status.containerStatuses }}
- name: {{ $c.name | Quote }}
  image: {{ $c.image | Quote }}
  imageID: {{ $c.imageID | Quote }}
  ready: false
  started: false
  restartCount: {{ $c.restartCount }}
  state:
    terminated:
      exitCode: <<code>>
      reason: <<reason>>
      {{ with $c.state.running }}startedAt: {{ .startedAt | Quote }}{{ end }}
      finishedAt: {{ $now | Quote }}
{{ end }}
"""

EVICTED = fill(_CONDITIONS, ready="false", reason="PodFailed") + fill(
    _ENDED,
    code="137",
    reason="Error",
    more=f"""
- type: DisruptionTarget
  status: "True"
  reason: TerminationByKubelet
  message: "{EVICTION}"
  lastTransitionTime: {{{{ $now | Quote }}}}
phase: Failed
reason: Evicted
message: "{EVICTION}"
""",
)

COMPLETED = fill(_CONDITIONS, ready="false", reason="PodCompleted") + fill(
    _ENDED, code="0", reason="Completed", more="phase: Succeeded"
)

NODE_READY = """
conditions:
{{ range NodeConditions }}
- type: {{ .type | Quote }}
  status: {{ .status | Quote }}
  reason: {{ .reason | Quote }}
  message: {{ .message | Quote }}
  lastHeartbeatTime: {{ $now | Quote }}
  lastTransitionTime: {{ $now | Quote }}
{{ end }}
addresses:
- {type: InternalIP, address: {{ NodeIP | Quote }}}
- {type: Hostname, address: {{ .metadata.name | Quote }}}
daemonEndpoints: {kubeletEndpoint: {Port: {{ NodePort }}}}
phase: Running
"""

NODE_HEARTBEAT = """
conditions:
{{ range .status.conditions }}
- {type: {{ .type | Quote }}, lastHeartbeatTime: {{ $now | Quote }}}
{{ end }}
"""


def memory_pressure(value: str, reason: str, message: str) -> str:
    """The node's MemoryPressure condition."""
    condition = """
conditions:
- type: MemoryPressure
  status: "<<value>>"
  reason: <<reason>>
  message: <<message>>
  lastHeartbeatTime: {{ $now | Quote }}
  lastTransitionTime: {{ $now | Quote }}
"""
    return fill(condition, value=value, reason=reason, message=message)
