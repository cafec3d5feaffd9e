{{/* What the door for public-security systems is told by: its certificate, and who vouches for its clients. */}}

{{- define "snowlight.accessSecret" -}}
{{- .Values.access.certificate.existingSecret | default (printf "%s-access-tls" (include "snowlight.fullname" .)) -}}
{{- end -}}

{{- define "snowlight.accessClientCaSecret" -}}
{{- .Values.access.clientCa.existingSecret | default (printf "%s-access-client-ca" (include "snowlight.fullname" .)) -}}
{{- end -}}

{{- define "snowlight.accessVolumes" -}}
{{- $authority := .Values.access.clientCa -}}
- name: access
  secret:
    secretName: {{ include "snowlight.accessSecret" . }}
    defaultMode: 0440
- name: access-clients
  {{- if $authority.existingConfigMap }}
  configMap:
    name: {{ $authority.existingConfigMap }}
  {{- else }}
  secret:
    secretName: {{ include "snowlight.accessClientCaSecret" . }}
  {{- end }}
    defaultMode: 0440
    items:
      - key: {{ $authority.key }}
        path: ca.crt
{{- end -}}
