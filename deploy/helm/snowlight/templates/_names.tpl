{{/* Names and labels. `component`: auth, storage, ingest, gateway, migrations, postgresql or minio. */}}

{{/* The release's name, with the chart's where it does not have it already. At most 50 characters, so that
     pods of a StatefulSet keep a label of 63. */}}
{{- define "snowlight.fullname" -}}
{{- if contains "snowlight" .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-snowlight" (.Release.Name | trunc 40 | trimSuffix "-") -}}
{{- end -}}
{{- end -}}

{{/* An object's name. dict "root" . "component" "ingest" */}}
{{- define "snowlight.name" -}}
{{- printf "%s-%s" (include "snowlight.fullname" .root) .component -}}
{{- end -}}

{{/* dict "root" . "component" "ingest" */}}
{{- define "snowlight.serviceAccountName" -}}
{{- include "snowlight.name" . -}}
{{- end -}}

{{/* What never changes of a component's labels. dict "root" . "component" "ingest" */}}
{{- define "snowlight.selectorLabels" -}}
app.kubernetes.io/name: snowlight
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* dict "root" . "component" "ingest" */}}
{{- define "snowlight.labels" -}}
{{ include "snowlight.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: snowlight
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* The image of all services. */}}
{{- define "snowlight.image" -}}
{{- $image := .Values.image -}}
{{- with $image.registry }}{{ . }}/{{ end -}}
{{- $image.repository -}}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag | default .Chart.AppVersion }}{{ end -}}
{{- end -}}
