{{/* Headers of RFC 9440, in which a proxy tells of a client's certificate: what a client sends in them itself goes, unless
     the proxy sets them, and then it replaces them. */}}
{{- define "snowlight.removedHeaders" -}}
{{- $set := .Values.gateway.settings.client_certificate_header | default "" | lower -}}
{{- range list "Client-Cert" "Client-Cert-Chain" -}}
{{- if ne (lower .) $set }}
- {{ . }}
{{- end -}}
{{- end -}}
{{- end -}}
