"""The steps of a stage: a change of status, an event, a log. Their texts are Go templates over the object.

`{{ ... }}` is Go's, and `<<name>>` is filled in here. In every template `$root` is the object and `$now` the time.
"""

import re
from pathlib import Path

from tests.rig.api import Object

_POD_EVENT = """
{{ $now := Now }}{{ $root := . }}
{{ $count := 1 }}
{{ if .status.containerStatuses }}
{{ $count = add 1 (atoi (toString (index .status.containerStatuses 0).restartCount)) }}
{{ end }}
{{ $since := $now }}
{{ if gt (int $count) 1 }}{{ $since = or .status.startTime $now }}{{ end }}
apiVersion: v1
kind: Event
metadata:
  name: {{ .metadata.name }}.{{ trunc 16 (sha256sum (print .metadata.uid "<<reason>><<tag>>")) }}
  namespace: {{ .metadata.namespace | Quote }}
involvedObject:
  apiVersion: v1
  kind: Pod
  name: {{ .metadata.name | Quote }}
  namespace: {{ .metadata.namespace | Quote }}
  uid: {{ .metadata.uid | Quote }}
  fieldPath: {{ printf "spec.containers{%s}" (index .spec.containers 0).name | Quote }}
type: <<kind>>
reason: <<reason>>
message: <<message>>
source: {component: kubelet, host: {{ .spec.nodeName | Quote }}}
reportingComponent: kubelet
reportingInstance: {{ .spec.nodeName | Quote }}
firstTimestamp: {{ $since | Quote }}
lastTimestamp: {{ $now | Quote }}
count: {{ $count }}
"""

_NODE_EVENT = """
{{ $now := Now }}{{ $root := . }}
apiVersion: v1
kind: Event
metadata:
  name: {{ .metadata.name }}.{{ trunc 16 (sha256sum (print "<<reason>>" $now)) }}
  namespace: default
involvedObject:
  apiVersion: v1
  kind: Node
  name: {{ .metadata.name | Quote }}
  uid: {{ .metadata.uid | Quote }}
type: <<kind>>
reason: <<reason>>
message: <<message>>
source: {component: kubelet, host: {{ .metadata.name | Quote }}}
reportingComponent: kubelet
reportingInstance: {{ .metadata.name | Quote }}
firstTimestamp: {{ $now | Quote }}
lastTimestamp: {{ $now | Quote }}
count: 1
"""

#: What may stand in braces in a message.
_NAMES = {
    "image": "(index $root.spec.containers 0).image",
    "container": "(index $root.spec.containers 0).name",
    "pod": '(printf "%s_%s(%s)" $root.metadata.name $root.metadata.namespace $root.metadata.uid)',
    "node": "$root.metadata.name",
}


def fill(template: str, **values: str) -> str:
    """Put the values into the template's `<<name>>` marks; a mark without a value stays for the next."""
    return re.sub(r"<<(\w+)>>", lambda mark: values.get(mark[1], mark[0]), template)


def text(message: str) -> str:
    """A quoted YAML string of a message with names in braces."""
    arguments = " ".join(_NAMES[name] for name in re.findall(r"\{(\w+)\}", message))
    form = re.sub(r"\{\w+\}", "%s", message).replace('"', '\\"')
    return f'{{{{ printf "{form}" {arguments} | Quote }}}}'


def status(template: str) -> Object:
    """A step that merges the rendered template into the object's status."""
    whole = "{{ $now := Now }}{{ $root := . }}\n" + template
    return {"patch": {"subresource": "status", "root": "status", "type": "strategic", "template": whole}}


def event(kind: str, reason: str, message: str, tag: str = "") -> Object:
    """A step that records an event as a kubelet does: one object for each pod and reason, its count growing.

    `message` may hold {image}, {container} and {pod}. `tag` tells two events of one reason apart.
    """
    template = fill(_POD_EVENT, kind=kind, reason=reason, message=text(message), tag=tag)
    return {"apply": {"type": "merge", "template": template}}


def node_event(kind: str, reason: str, message: str) -> Object:
    """A step that records an event about a node; {node} in the message is its name."""
    template = fill(_NODE_EVENT, kind=kind, reason=reason, message=text(message))
    return {"apply": {"type": "merge", "template": template}}


_PREVIOUS_LOG = """
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Logs
metadata:
  name: {{ .metadata.name | Quote }}
  namespace: {{ .metadata.namespace | Quote }}
  ownerReferences:
  - apiVersion: v1
    kind: Pod
    name: {{ .metadata.name | Quote }}
    uid: {{ .metadata.uid | Quote }}
spec:
  logs:
{{ range $i, $c := .spec.containers }}
  - containers: [{{ $c.name | Quote }}]
    logsFile: {{ printf "<<logs>>/%s.log" $c.name | Quote }}
    follow: true
{{ if eq $i 0 }}
    previousLogsFile: {{ printf "<<logs>>/%s.crash.log" $c.name | Quote }}
{{ end }}
{{ end }}
"""


def previous_log(logs: Path) -> Object:
    """A step that gives the pod a log of its own, whose previous container ended in a crash."""
    return {"apply": {"type": "merge", "template": fill(_PREVIOUS_LOG, logs=str(logs))}}
