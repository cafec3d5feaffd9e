{{/* Which service calls which over gRPC: snowlight/rpc/permissions.py, summed up. `admin` is a pod in which an
     administrator runs `snowlight admin`. */}}
{{- define "snowlight.calls" -}}
gateway: [auth, storage, ingest]
ingest: [auth, storage, ingest]
storage: [ingest]
auth: [storage, ingest]
admin: [auth, storage, ingest]
{{- end -}}

{{/* The gRPC ports of a service. dict "root" . "component" "ingest" */}}
{{- define "snowlight.grpcPorts" -}}
{{- $port := get (dict "auth" 7001 "ingest" 7002 "storage" 7003) .component -}}
- protocol: TCP
  port: {{ $port }}
  {{- if eq .component "ingest" }}
  endPort: {{ add $port .root.Values.ingest.workers -1 }}
  {{- end }}
{{- end -}}

{{/* The start of a policy of one component's pods. dict "root" . "component" "ingest" */}}
{{- define "snowlight.networkPolicy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "snowlight.name" . }}
  labels:
    {{- include "snowlight.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "snowlight.selectorLabels" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
{{- end -}}

{{- define "snowlight.peer" -}}
- podSelector:
    matchLabels:
      {{- include "snowlight.selectorLabels" . | nindent 6 }}
{{- end -}}

{{/* Ingress: calls of the other services, and Prometheus. dict "root" . "component" "ingest" */}}
{{- define "snowlight.ingressOfCalls" -}}
{{- $root := .root -}}
{{- $component := .component -}}
{{- range $caller, $called := include "snowlight.calls" . | fromYaml }}
{{- if has $component $called }}
- from:
    {{- include "snowlight.peer" (dict "root" $root "component" $caller) | nindent 4 }}
  ports:
    {{- include "snowlight.grpcPorts" (dict "root" $root "component" $component) | nindent 4 }}
{{- end }}
{{- end }}
{{- $prometheus := $root.Values.networkPolicies.prometheus }}
{{- if or $prometheus $root.Values.monitoring.podMonitor.enabled }}
- from:
    {{- toYaml ($prometheus | default (list (dict "namespaceSelector" dict))) | nindent 4 }}
  ports:
    - protocol: TCP
      port: 9090
      {{- if eq $component "ingest" }}
      endPort: {{ add 9090 $root.Values.ingest.workers -1 }}
      {{- end }}
{{- end }}
{{- end -}}

{{/* Egress: calls of the other services, names, and the collector of traces. dict "root" . "component" "ingest" */}}
{{- define "snowlight.egressOfCalls" -}}
{{- $root := .root -}}
{{- range $called := get (include "snowlight.calls" . | fromYaml) .component }}
- to:
    {{- include "snowlight.peer" (dict "root" $root "component" $called) | nindent 4 }}
  ports:
    {{- include "snowlight.grpcPorts" (dict "root" $root "component" $called) | nindent 4 }}
{{- end }}
{{ include "snowlight.egressToNames" . }}
{{- if $root.Values.tracing.endpoint }}
{{ include "snowlight.egressTo" $root.Values.networkPolicies.tracing }}
{{- end }}
{{- end -}}

{{- define "snowlight.egressToNames" -}}
- {{- with .root.Values.networkPolicies.dns }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  ports:
    - protocol: UDP
      port: 53
    - protocol: TCP
      port: 53
{{- end -}}

{{/* Egress to what lies outside of the chart: dict "peers" (list …) "ports" (list 5432). Without peers: anywhere. */}}
{{- define "snowlight.egressTo" -}}
- {{- with .peers }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  ports:
    {{- range .ports }}
    - protocol: TCP
      port: {{ . }}
    {{- end }}
{{- end -}}

{{/* Egress to a pod of the chart's own, for a first try. dict "root" . "component" "minio" "port" 9000 */}}
{{- define "snowlight.egressToEmbedded" -}}
- to:
    {{- include "snowlight.peer" . | nindent 4 }}
  ports:
    - protocol: TCP
      port: {{ .port }}
{{- end -}}

{{- define "snowlight.egressToDatabase" -}}
{{- if .root.Values.postgresql.embedded.enabled -}}
{{ include "snowlight.egressToEmbedded" (dict "root" .root "component" "postgresql" "port" 5432) }}
{{- else -}}
{{ include "snowlight.egressTo" .root.Values.networkPolicies.databases }}
{{- end -}}
{{- end -}}

{{- define "snowlight.egressToObjectStore" -}}
{{- if .root.Values.minio.embedded.enabled -}}
{{ include "snowlight.egressToEmbedded" (dict "root" .root "component" "minio" "port" 9000) }}
{{- end }}
{{- if or (not .root.Values.minio.embedded.enabled) .root.Values.objectStore.further.existingSecret }}
{{ include "snowlight.egressTo" .root.Values.networkPolicies.objectStore }}
{{- end }}
{{- end -}}
