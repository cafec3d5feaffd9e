{{/* Not empty where this release is to make a definition: the cluster has none, or the release's own. A definition is of the whole
     cluster, and of one release alone. dict "root" . "name" "cameras.snowlight.io" */}}
{{- define "snowlight.makesDefinition" -}}
{{- $release := .root.Release -}}
{{- with .root.Values.cameraResources }}
{{- if and .enabled .installDefinitions }}
{{- $there := lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" $.name }}
{{- $owner := dig "metadata" "annotations" dict $there }}
{{- $own := and (eq (get $owner "meta.helm.sh/release-name") $release.Name) (eq (get $owner "meta.helm.sh/release-namespace") $release.Namespace) }}
{{- if or (empty $there) $own }}true{{ end }}
{{- end }}
{{- end }}
{{- end -}}
