{{/* Which Secret has what. Each takes dict "root" . "component" "ingest". */}}

{{- define "snowlight.clusterKeySecret" -}}
{{- .root.Values.clusterKey.existingSecret | default (printf "%s-cluster-key" (include "snowlight.fullname" .root)) -}}
{{- end -}}

{{- define "snowlight.databaseSecret" -}}
{{- $database := index .root.Values.databases .component -}}
{{- $database.existingSecret | default (printf "%s-database" (include "snowlight.name" .)) -}}
{{- end -}}

{{/* Its key. A Secret of the chart's own has `url`. */}}
{{- define "snowlight.databaseKey" -}}
{{- $database := index .root.Values.databases .component -}}
{{- if $database.existingSecret }}{{ $database.key }}{{ else }}url{{ end -}}
{{- end -}}

{{- define "snowlight.storeSecret" -}}
{{- $keys := index .root.Values.objectStore.keys .component -}}
{{- if .root.Values.minio.embedded.enabled -}}
{{- printf "%s-minio" (include "snowlight.fullname" .root) -}}
{{- else -}}
{{- $keys.existingSecret | default (printf "%s-store" (include "snowlight.name" .)) -}}
{{- end -}}
{{- end -}}

{{/* Empty where evidence has no keys of its own. */}}
{{- define "snowlight.evidenceSecret" -}}
{{- $keys := index .root.Values.evidence.keys .component | default dict -}}
{{- if $keys.existingSecret -}}
{{- $keys.existingSecret -}}
{{- else if $keys.accessKey -}}
{{- printf "%s-evidence" (include "snowlight.name" .) -}}
{{- end -}}
{{- end -}}

{{- define "snowlight.tlsSecret" -}}
{{- .root.Values.tls.existingSecret | default (printf "%s-tls" (include "snowlight.name" .)) -}}
{{- end -}}

{{/* A hash of what is told a component by values: its pods are replaced when that changes. Of Secrets that the chart does
     not make nobody hears: restart the workload yourself. */}}
{{- define "snowlight.secretsChecksum" -}}
{{- $values := .root.Values -}}
{{- list $values.clusterKey (index $values.databases .component) (index $values.objectStore.keys .component)
    (index $values.evidence.keys .component) | toJson | sha256sum -}}
{{- end -}}
