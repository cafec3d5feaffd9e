{{/* Environment of a service's container, a YAML list. dict "root" . "component" "ingest" */}}
{{- define "snowlight.environment" -}}
{{- $chosen := concat
    (include "snowlight.clusterEnvironment" . | fromYamlArray)
    (include (printf "snowlight.%sEnvironment" .component) . | fromYamlArray)
    (include "snowlight.settingsEnvironment" . | fromYamlArray) -}}
{{- $names := list -}}
{{- range $chosen }}{{ $names = append $names .name }}{{ end -}}
{{- $component := .component -}}
{{- range (index .root.Values .component).extraEnv -}}
{{- if has .name $names -}}
{{- fail (printf "%s.extraEnv: %s is set already, by the chart or by an entry before it" $component .name) -}}
{{- end -}}
{{- $names = append $names .name -}}
{{- $chosen = append $chosen . -}}
{{- end -}}
{{- toYaml $chosen -}}
{{- end -}}

{{/* What all services are told alike. */}}
{{- define "snowlight.clusterEnvironment" -}}
{{- $values := .root.Values -}}
- name: SNOWLIGHT_CLUSTER_KEY
  valueFrom:
    secretKeyRef:
      name: {{ include "snowlight.clusterKeySecret" . }}
      key: {{ if $values.clusterKey.existingSecret }}{{ $values.clusterKey.key }}{{ else }}cluster-key{{ end }}
- name: SNOWLIGHT_DATA_DIR
  value: /var/lib/snowlight
- name: SNOWLIGHT_LOG_LEVEL
  value: {{ $values.logLevel | quote }}
- name: SNOWLIGHT_TIME_ZONE
  value: {{ $values.timeZone | quote }}
- name: SNOWLIGHT_ADMIN_LISTEN
  value: 0.0.0.0:9090
{{- range $service, $port := dict "auth" 7001 "ingest" 7002 "storage" 7003 }}
- name: SNOWLIGHT_{{ upper $service }}_ADDRESS
  value: dns:///{{ include "snowlight.host" (dict "root" $.root "component" $service) }}:{{ $port }}
{{- end }}
{{- if $values.tls.enabled }}
- name: SNOWLIGHT_TLS_CERTIFICATE
  value: /etc/snowlight/tls/tls.crt
- name: SNOWLIGHT_TLS_KEY
  value: /etc/snowlight/tls/tls.key
- name: SNOWLIGHT_TLS_CA
  value: /etc/snowlight/tls/ca.crt
{{- else }}
- name: SNOWLIGHT_ALLOW_PLAINTEXT
  value: "true"
{{- end }}
{{- with $values.tracing }}
{{- if .endpoint }}
- name: SNOWLIGHT_TRACING_ENDPOINT
  value: {{ .endpoint | quote }}
- name: SNOWLIGHT_TRACING_SAMPLE_RATIO
  value: {{ .sampleRatio | quote }}
{{- if .ca.existingSecret }}
- name: SNOWLIGHT_TRACING_CA
  value: /etc/snowlight/tracing/ca.crt
{{- end }}
{{- with .headers.existingSecret }}
- name: SNOWLIGHT_TRACING_HEADERS
  valueFrom: {secretKeyRef: {name: {{ . }}, key: {{ $values.tracing.headers.key }}}}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The host name of a service. With two dots at least: gRPC takes no certificate of a wildcard before a name of one. */}}
{{- define "snowlight.host" -}}
{{- printf "%s.%s.svc" (include "snowlight.name" .) .root.Release.Namespace -}}
{{- end -}}

{{- define "snowlight.authEnvironment" -}}
- name: SNOWLIGHT_AUTH_LISTEN
  value: 0.0.0.0:7001
{{ include "snowlight.databaseEnvironment" . }}
{{- end -}}

{{- define "snowlight.storageEnvironment" -}}
- name: SNOWLIGHT_STORAGE_LISTEN
  value: 0.0.0.0:7003
{{ include "snowlight.databaseEnvironment" . }}
{{ include "snowlight.storeEnvironment" . }}
{{ include "snowlight.evidenceEnvironment" . }}
{{- end -}}

{{- define "snowlight.gatewayEnvironment" -}}
{{- $gateway := .root.Values.gateway -}}
- name: SNOWLIGHT_GATEWAY_LISTEN
  value: 0.0.0.0:8080
- name: SNOWLIGHT_GATEWAY_BEHIND_PROXY
  value: {{ $gateway.behindProxy | quote }}
{{- with $gateway.publicUrl }}
- name: SNOWLIGHT_GATEWAY_PUBLIC_URL
  value: {{ . | quote }}
{{- end }}
{{- range $protocol := list "rtmp" "rtsp" }}
{{- $publish := index $.root.Values.ingest.publish $protocol }}
{{- if and $publish.enabled $publish.address }}
- name: SNOWLIGHT_GATEWAY_PUBLISH_{{ upper $protocol }}_ADDRESS
  value: {{ $publish.address | quote }}
{{- end }}
{{- end }}
{{- if .root.Values.access.enabled }}
{{ include "snowlight.accessEnvironment" . }}
{{- end }}
{{ include "snowlight.storeEnvironment" . }}
{{ include "snowlight.evidenceEnvironment" . }}
{{- end -}}

{{- define "snowlight.accessEnvironment" -}}
- name: SNOWLIGHT_ACCESS_LISTEN
  value: 0.0.0.0:8443
- name: SNOWLIGHT_ACCESS_CERTIFICATE
  value: /etc/snowlight/access/tls.crt
- name: SNOWLIGHT_ACCESS_KEY
  value: /etc/snowlight/access/tls.key
- name: SNOWLIGHT_ACCESS_CLIENT_CA
  value: /etc/snowlight/access-clients/ca.crt
{{- $settings := include "snowlight.settingsEnvironment" (dict "root" .root "component" "access") | fromYamlArray }}
{{- if $settings }}
{{ toYaml $settings }}
{{- end }}
{{- end -}}

{{- define "snowlight.ingestEnvironment" -}}
{{- $ingest := .root.Values.ingest -}}
- name: SNOWLIGHT_INGEST_LISTEN
  value: 0.0.0.0:7002
- name: SNOWLIGHT_KUBERNETES_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
- name: SNOWLIGHT_KUBERNETES_POD
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: SNOWLIGHT_KUBERNETES_NODE
  valueFrom:
    fieldRef:
      fieldPath: spec.nodeName
- name: SNOWLIGHT_KUBERNETES_STATEFUL_SET
  value: {{ include "snowlight.name" . }}
- name: SNOWLIGHT_INGEST_WORKER
  value: $(SNOWLIGHT_KUBERNETES_POD)
- name: SNOWLIGHT_INGEST_ADVERTISE
  value: $(SNOWLIGHT_KUBERNETES_POD).{{ include "snowlight.host" . }}:7002
- name: SNOWLIGHT_INGEST_SPOOL_DIR
  value: /var/lib/snowlight/spool
{{- with $ingest.sourceNetworks }}
- name: SNOWLIGHT_INGEST_SOURCE_NETWORKS
  value: {{ join "," . | quote }}
{{- end }}
{{- if $ingest.publish.rtmp.enabled }}
- name: SNOWLIGHT_INGEST_PUBLISH_RTMP_LISTEN
  value: 0.0.0.0:1935
{{- end }}
{{- if $ingest.publish.rtsp.enabled }}
- name: SNOWLIGHT_INGEST_PUBLISH_RTSP_LISTEN
  value: 0.0.0.0:8554
{{- end }}
{{- if $ingest.autoscaling.enabled }}
- name: SNOWLIGHT_KUBERNETES_AUTOSCALE
  value: "true"
- name: SNOWLIGHT_KUBERNETES_AUTOSCALE_LEAST
  value: {{ $ingest.autoscaling.least | quote }}
- name: SNOWLIGHT_KUBERNETES_AUTOSCALE_MOST
  value: {{ $ingest.autoscaling.most | quote }}
- name: SNOWLIGHT_KUBERNETES_AUTOSCALE_SURGE
  value: {{ $ingest.autoscaling.surge | quote }}
- name: SNOWLIGHT_KUBERNETES_AUTOSCALE_CAMERAS
  value: {{ $ingest.autoscaling.cameras | int | quote }}
- name: SNOWLIGHT_KUBERNETES_AUTOSCALE_CORES
  value: {{ $ingest.autoscaling.cores | quote }}
- name: SNOWLIGHT_KUBERNETES_AUTOSCALE_MEGABITS
  value: {{ $ingest.autoscaling.megabits | quote }}
- name: SNOWLIGHT_KUBERNETES_AUTOSCALE_SPOOL
  value: {{ $ingest.autoscaling.spool | quote }}
- name: SNOWLIGHT_KUBERNETES_AUTOSCALE_COOL_DOWN_SECONDS
  value: {{ $ingest.autoscaling.coolDownSeconds | quote }}
{{- end }}
{{- if .root.Values.cameraResources.enabled }}
- name: SNOWLIGHT_KUBERNETES_CAMERA_RESOURCES
  value: "true"
{{- with .root.Values.cameraResources.namespace }}
- name: SNOWLIGHT_KUBERNETES_CAMERA_RESOURCES_NAMESPACE
  value: {{ . | quote }}
{{- end }}
{{- end }}
{{ include "snowlight.databaseEnvironment" . }}
{{ include "snowlight.storeEnvironment" . }}
{{- end -}}

{{- define "snowlight.databaseEnvironment" -}}
- name: SNOWLIGHT_{{ upper .component }}_DATABASE_URL
  valueFrom:
    secretKeyRef:
      name: {{ include "snowlight.databaseSecret" . }}
      key: {{ include "snowlight.databaseKey" . }}
{{- end -}}

{{- define "snowlight.storeEnvironment" -}}
{{- $store := .root.Values.objectStore -}}
{{- $secret := include "snowlight.storeSecret" . -}}
- name: SNOWLIGHT_STORE_NAME
  value: {{ $store.name | quote }}
- name: SNOWLIGHT_STORE_URL
  value: {{ $store.url | quote }}
- name: SNOWLIGHT_STORE_REGION
  value: {{ $store.region | quote }}
{{- if .root.Values.minio.embedded.enabled }}
- name: SNOWLIGHT_STORE_ENDPOINT
  value: http://{{ include "snowlight.host" (dict "root" .root "component" "minio") }}:9000
{{- else if $store.endpoint }}
- name: SNOWLIGHT_STORE_ENDPOINT
  value: {{ $store.endpoint | quote }}
{{- end }}
- name: SNOWLIGHT_STORE_SIGN_PAYLOAD
  value: {{ $store.signPayload | quote }}
- name: SNOWLIGHT_STORE_CAPACITY_BYTES
  value: {{ $store.capacityBytes | int64 | quote }}
- name: SNOWLIGHT_STORE_ACCESS_KEY
  valueFrom:
    secretKeyRef: {name: {{ $secret }}, key: access-key}
- name: SNOWLIGHT_STORE_SECRET_KEY
  valueFrom:
    secretKeyRef: {name: {{ $secret }}, key: secret-key}
{{- if $store.further.existingSecret }}
- name: SNOWLIGHT_STORE_FURTHER_FILE
  value: /etc/snowlight/stores/stores.json
{{- end }}
{{- end -}}

{{- define "snowlight.evidenceEnvironment" -}}
{{- $evidence := .root.Values.evidence -}}
- name: SNOWLIGHT_EVIDENCE_RETAIN_DAYS
  value: {{ $evidence.retainDays | int | quote }}
- name: SNOWLIGHT_EVIDENCE_LOCK_MODE
  value: {{ $evidence.lockMode | quote }}
{{- range $name := list "url" "endpoint" "region" }}
{{- with index $evidence $name }}
- name: SNOWLIGHT_EVIDENCE_{{ upper $name }}
  value: {{ . | quote }}
{{- end }}
{{- end }}
{{- with include "snowlight.evidenceSecret" . }}
- name: SNOWLIGHT_EVIDENCE_ACCESS_KEY
  valueFrom:
    secretKeyRef: {name: {{ . }}, key: access-key}
- name: SNOWLIGHT_EVIDENCE_SECRET_KEY
  valueFrom:
    secretKeyRef: {name: {{ . }}, key: secret-key}
{{- end }}
{{- end -}}

{{/* `settings` of a service. Helm reads numbers as floats: a whole one is written as such, up to 2^53. */}}
{{- define "snowlight.settingsEnvironment" -}}
{{- range $name, $value := (index .root.Values .component).settings }}
- name: SNOWLIGHT_{{ upper $.component }}_{{ upper $name }}
{{- if and (kindIs "float64" $value) (eq (floor $value) $value) }}
  value: {{ $value | int64 | quote }}
{{- else }}
  value: {{ $value | toString | quote }}
{{- end }}
{{- else }}
[]
{{- end }}
{{- end -}}
