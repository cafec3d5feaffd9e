{{/* Pods of ingest. Where the cluster sets their number itself, an upgrade leaves what it has set: Helm would else write what
     it wrote before. Within least and most, should these have changed. */}}
{{- define "snowlight.ingestReplicas" -}}
{{- $ingest := .Values.ingest -}}
{{- if $ingest.autoscaling.enabled -}}
{{- $name := include "snowlight.name" (dict "root" . "component" "ingest") -}}
{{- $running := lookup "apps/v1" "StatefulSet" .Release.Namespace $name -}}
{{- $replicas := dig "spec" "replicas" $ingest.replicas $running -}}
{{- max (min $replicas $ingest.autoscaling.most) $ingest.autoscaling.least -}}
{{- else -}}
{{- $ingest.replicas -}}
{{- end -}}
{{- end -}}
