{{/* What the schema cannot say of values. Secrets are checked here, for a schema's message would show them. */}}
{{- define "snowlight.check" -}}
{{- $values := .Values -}}
{{- $postgresql := $values.postgresql.embedded.enabled -}}
{{- $minio := $values.minio.embedded.enabled -}}
{{- if and $values.clusterKey.existingSecret $values.clusterKey.value -}}
{{- fail "clusterKey: set existingSecret or value, not both" -}}
{{- end -}}
{{- if and $values.clusterKey.value (lt (len $values.clusterKey.value) 32) -}}
{{- fail "clusterKey.value must have at least 32 characters" -}}
{{- end -}}
{{- range $service, $database := $values.databases -}}
{{- if and $database.existingSecret $database.url -}}
{{- fail (printf "databases.%s: set existingSecret or url, not both" $service) -}}
{{- end -}}
{{- if and $database.url (not (regexMatch "^postgresql\\+asyncpg://[^/]+/[^/]+$" $database.url)) -}}
{{- fail (printf "databases.%s.url must be postgresql+asyncpg://USER:PASSWORD@HOST/NAME" $service) -}}
{{- end -}}
{{- if and $postgresql (or $database.existingSecret $database.url) -}}
{{- fail (printf "postgresql.embedded makes the databases: leave databases.%s empty, or turn it off" $service) -}}
{{- end -}}
{{- end -}}
{{- include "snowlight.checkKeys" (dict "path" "objectStore.keys" "keys" $values.objectStore.keys "embedded" $minio) -}}
{{- include "snowlight.checkKeys" (dict "path" "evidence.keys" "keys" $values.evidence.keys "embedded" $minio) -}}
{{- if and $minio $values.objectStore.endpoint -}}
{{- fail "minio.embedded is the object store: leave objectStore.endpoint empty, or turn it off" -}}
{{- end -}}
{{- if and $minio $values.evidence.endpoint -}}
{{- fail "minio.embedded holds evidence too: leave evidence.endpoint empty, or turn it off" -}}
{{- end -}}
{{- $tls := $values.tls -}}
{{- if and $tls.existingSecret $tls.certManager.enabled -}}
{{- fail "tls: set existingSecret or certManager.enabled, not both" -}}
{{- end -}}
{{- if and (not $tls.enabled) (or $tls.existingSecret $tls.certManager.enabled) -}}
{{- fail "tls.enabled is false: then tls.existingSecret and tls.certManager.enabled have to be off too" -}}
{{- end -}}
{{- $access := $values.access -}}
{{- if and $access.certificate.existingSecret $access.certificate.issuerRef.name -}}
{{- fail "access.certificate: set existingSecret or issuerRef.name, not both" -}}
{{- end -}}
{{- if and $access.certificate.issuerRef.name (not $access.certificate.dnsNames) -}}
{{- fail "access.certificate.dnsNames: name the hosts that clients call" -}}
{{- end -}}
{{- if and $access.clientCa.existingSecret $access.clientCa.existingConfigMap -}}
{{- fail "access.clientCa: set existingSecret or existingConfigMap, not both" -}}
{{- end -}}
{{- range $service := list "ingest" "gateway" -}}
{{- $autoscaling := (index $values $service).autoscaling -}}
{{- if gt (int $autoscaling.least) (int $autoscaling.most) -}}
{{- fail (printf "%s.autoscaling.least must not be more than most" $service) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* dict "path" "objectStore.keys" "keys" … "embedded" true */}}
{{- define "snowlight.checkKeys" -}}
{{- range $service, $keys := .keys -}}
{{- $path := printf "%s.%s" $.path $service -}}
{{- if and $keys.existingSecret (or $keys.accessKey $keys.secretKey) -}}
{{- fail (printf "%s: set existingSecret, or accessKey and secretKey, not both" $path) -}}
{{- end -}}
{{- if ne (empty $keys.accessKey) (empty $keys.secretKey) -}}
{{- fail (printf "%s: set accessKey and secretKey, or neither" $path) -}}
{{- end -}}
{{- if and $.embedded (or $keys.existingSecret $keys.accessKey) -}}
{{- fail (printf "minio.embedded has keys of its own: leave %s empty, or turn it off" $path) -}}
{{- end -}}
{{- end -}}
{{- end -}}
