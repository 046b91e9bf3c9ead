{{/* What every object is labelled with. Takes root and component. */}}
{{- define "postroom.labels" -}}
{{ include "postroom.selector" . }}
app.kubernetes.io/version: {{ .root.Values.build.version | quote }}
app.kubernetes.io/part-of: postroom
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{/* What chooses the pods of one component, and never changes. Takes root and component. */}}
{{- define "postroom.selector" -}}
app.kubernetes.io/name: postroom
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* The labels of Helm's longest release name, 53 characters, and of a component fit into a name of 63. */}}
{{- define "postroom.name" -}}
{{ .root.Release.Name }}-{{ .component }}
{{- end }}
