{{/* What the pods of all services have in common. Each takes dict "root" . "component" "ingest". */}}

{{/* metadata of a pod template, without the versions: pods are replaced for what is new to them alone. */}}
{{- define "snowlight.podMetadata" -}}
{{- $service := index .root.Values .component -}}
labels:
  {{- include "snowlight.selectorLabels" . | nindent 2 }}
  {{- with $service.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  checksum/secrets: {{ include "snowlight.secretsChecksum" . }}
  {{- with $service.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* What a pod's spec has beside its containers and volumes. */}}
{{- define "snowlight.podSettings" -}}
{{- $service := index .root.Values .component -}}
serviceAccountName: {{ include "snowlight.serviceAccountName" . }}
automountServiceAccountToken: {{ eq .component "ingest" }}
enableServiceLinks: false
terminationGracePeriodSeconds: {{ $service.terminationGracePeriodSeconds }}
{{- if .root.Values.priorityClasses.enabled }}
priorityClassName: {{ include "snowlight.priorityClassName" . }}
{{- end }}
{{ include "snowlight.podSecurity" . }}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with $service.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $service.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
affinity:
{{- if $service.affinity }}
  {{- toYaml $service.affinity | nindent 2 }}
{{- else }}
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels:
              {{- include "snowlight.selectorLabels" . | nindent 14 }}
{{- end }}
{{- $spread := .root.Values.topologySpread }}
{{- if $spread.enabled }}
topologySpreadConstraints:
  - topologyKey: {{ $spread.zoneKey }}
    maxSkew: {{ $spread.maxSkew }}
    whenUnsatisfiable: {{ $spread.whenUnsatisfiable }}
    labelSelector:
      matchLabels:
        {{- include "snowlight.selectorLabels" . | nindent 8 }}
{{- end }}
{{- end -}}

{{/* Of the restricted profile of Pod Security Standards. The group owns volumes and the files of Secrets. */}}
{{- define "snowlight.podSecurity" -}}
securityContext:
  runAsNonRoot: true
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "snowlight.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end -}}

{{/* gRPC probes speak no mutual TLS, so the admin port answers with it. Ready is told by the admin port in any case: it
     knows of databases, clocks and feeds, and gRPC's health only that calls are answered. A process serves gRPC once it is
     up altogether, and may wait five minutes for that; a restart then changes nothing but the log. Of several workers the
     first is asked: the parent process restarts the others. */}}
{{- define "snowlight.probes" -}}
startupProbe:
  {{- if or .root.Values.tls.enabled (eq .component "gateway") }}
  httpGet: {path: /healthz, port: admin}
  {{- else }}
  grpc:
    port: {{ get (dict "auth" 7001 "storage" 7003 "ingest" 7002) .component }}
  {{- end }}
  periodSeconds: 2
  timeoutSeconds: 5
  failureThreshold: 150
readinessProbe:
  httpGet: {path: /readyz, port: admin}
  periodSeconds: 5
  timeoutSeconds: 5
livenessProbe:
  httpGet: {path: /healthz, port: admin}
  periodSeconds: 10
  timeoutSeconds: 10
  failureThreshold: 6
{{- end -}}

{{- define "snowlight.volumeMounts" -}}
- name: tmp
  mountPath: /tmp
- name: data
  mountPath: /var/lib/snowlight
{{- if .root.Values.tls.enabled }}
- name: tls
  mountPath: /etc/snowlight/tls
  readOnly: true
{{- end }}
{{- if and .root.Values.objectStore.further.existingSecret (ne .component "auth") }}
- name: stores
  mountPath: /etc/snowlight/stores
  readOnly: true
{{- end }}
{{- if and .root.Values.tracing.endpoint .root.Values.tracing.ca.existingSecret }}
- name: tracing
  mountPath: /etc/snowlight/tracing
  readOnly: true
{{- end }}
{{- if and .root.Values.access.enabled (eq .component "gateway") }}
- name: access
  mountPath: /etc/snowlight/access
  readOnly: true
- name: access-clients
  mountPath: /etc/snowlight/access-clients
  readOnly: true
{{- end }}
{{- end -}}

{{- define "snowlight.volumes" -}}
- name: tmp
  emptyDir: {sizeLimit: 1Gi}
- name: data
  emptyDir: {sizeLimit: 1Gi}
{{- if .root.Values.tls.enabled }}
- name: tls
  secret:
    secretName: {{ include "snowlight.tlsSecret" . }}
    defaultMode: 0440
{{- end }}
{{- $further := .root.Values.objectStore.further }}
{{- if and $further.existingSecret (ne .component "auth") }}
- name: stores
  secret:
    secretName: {{ $further.existingSecret }}
    defaultMode: 0440
    items:
      - key: {{ $further.key }}
        path: stores.json
{{- end }}
{{- $authority := .root.Values.tracing.ca }}
{{- if and .root.Values.tracing.endpoint $authority.existingSecret }}
- name: tracing
  secret:
    secretName: {{ $authority.existingSecret }}
    defaultMode: 0440
    items:
      - key: {{ $authority.key }}
        path: ca.crt
{{- end }}
{{- if and .root.Values.access.enabled (eq .component "gateway") }}
{{ include "snowlight.accessVolumes" .root }}
{{- end }}
{{- end -}}

{{/* A Deployment's parts around its container: dict "root" . "component" "auth" "ports" (dict "grpc" 7001) */}}
{{- define "snowlight.deployment" -}}
{{- $service := index .root.Values .component -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "snowlight.name" . }}
  labels:
    {{- include "snowlight.labels" . | nindent 4 }}
spec:
  {{- if not (dig "autoscaling" "enabled" false $service) }}
  replicas: {{ $service.replicas }}
  {{- end }}
  strategy:
    type: RollingUpdate
    rollingUpdate: {maxSurge: 1, maxUnavailable: 0}
  selector:
    matchLabels:
      {{- include "snowlight.selectorLabels" . | nindent 6 }}
  template:
    metadata:
      {{- include "snowlight.podMetadata" . | nindent 6 }}
    spec:
      {{- include "snowlight.podSettings" . | nindent 6 }}
      containers:
        - name: {{ .component }}
          image: {{ include "snowlight.image" .root }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          args: [{{ .component }}]
          env:
            {{- include "snowlight.environment" . | nindent 12 }}
          ports:
            {{- range $name, $port := .ports }}
            - name: {{ $name }}
              containerPort: {{ $port }}
            {{- end }}
            - name: admin
              containerPort: 9090
          {{- include "snowlight.probes" . | nindent 10 }}
          resources:
            {{- toYaml $service.resources | nindent 12 }}
          {{- include "snowlight.containerSecurity" . | nindent 10 }}
          volumeMounts:
            {{- include "snowlight.volumeMounts" . | nindent 12 }}
      volumes:
        {{- include "snowlight.volumes" . | nindent 8 }}
{{- end -}}

{{- define "snowlight.serviceAccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "snowlight.serviceAccountName" . }}
  labels:
    {{- include "snowlight.labels" . | nindent 4 }}
  {{- with (index .root.Values .component).serviceAccountAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
{{- end -}}

{{- define "snowlight.disruptionBudget" -}}
{{- if .root.Values.podDisruptionBudgets.enabled -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "snowlight.name" . }}
  labels:
    {{- include "snowlight.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "snowlight.selectorLabels" . | nindent 6 }}
{{- end -}}
{{- end -}}

{{/* PriorityClasses are of the whole cluster. */}}
{{- define "snowlight.priorityClassName" -}}
{{- printf "%s-%s" .root.Release.Namespace (include "snowlight.name" .) -}}
{{- end -}}

{{- define "snowlight.priorityClass" -}}
{{- if .root.Values.priorityClasses.enabled -}}
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata:
  name: {{ include "snowlight.priorityClassName" . }}
  labels:
    {{- include "snowlight.labels" . | nindent 4 }}
value: {{ index .root.Values.priorityClasses .component | int }}
description: Pods of {{ include "snowlight.name" . }} in {{ .root.Release.Namespace }}
{{- end -}}
{{- end -}}

{{/* Headless: gRPC's clients have the addresses of all pods and go on to another by themselves, which a connection by a
     virtual address does not. Pods that are not ready are told too: one that drains still has footage that is asked for, and
     one that starts is found at once.
     dict "root" . "component" "auth" "port" 7001 */}}
{{- define "snowlight.headlessService" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "snowlight.name" . }}
  labels:
    {{- include "snowlight.labels" . | nindent 4 }}
spec:
  clusterIP: None
  publishNotReadyAddresses: true
  selector:
    {{- include "snowlight.selectorLabels" . | nindent 4 }}
  ports:
    - name: grpc
      port: {{ .port }}
      targetPort: grpc
      appProtocol: grpc
{{- end -}}
