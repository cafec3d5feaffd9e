{{/* What the embedded instances have in common. Each takes dict "root" . "component" "postgresql" "port" 5432. */}}

{{- define "snowlight.instanceService" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "snowlight.name" . }}
  labels:
    {{- include "snowlight.labels" . | nindent 4 }}
spec:
  clusterIP: None
  selector:
    {{- include "snowlight.selectorLabels" . | nindent 4 }}
  ports:
    - name: {{ .component }}
      port: {{ .port }}
      targetPort: {{ .component }}
{{- end -}}

{{- define "snowlight.instanceSpec" -}}
{{- $embedded := (index .root.Values .component).embedded -}}
serviceName: {{ include "snowlight.name" . }}
replicas: 1
persistentVolumeClaimRetentionPolicy: {whenScaled: Retain, whenDeleted: Retain}
selector:
  matchLabels:
    {{- include "snowlight.selectorLabels" . | nindent 4 }}
volumeClaimTemplates:
  - metadata:
      name: data
      labels:
        {{- include "snowlight.selectorLabels" . | nindent 8 }}
    spec:
      accessModes: [ReadWriteOnce]
      {{- with $embedded.storageClassName }}
      storageClassName: {{ . }}
      {{- end }}
      resources:
        requests: {storage: {{ $embedded.size }}}
{{- end -}}

{{/* A pod's settings; `user` is the image's. */}}
{{- define "snowlight.instancePod" -}}
{{- $embedded := (index .root.Values .component).embedded -}}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: 60
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .user }}
  runAsGroup: {{ .user }}
  fsGroup: {{ .user }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with $embedded.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}
