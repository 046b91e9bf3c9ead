{{/* The variables as text. Numbers by way of JSON: Helm's own text of 10000000 is 1e+07, which Postroom refuses. */}}
{{- define "postroom.config" -}}
{{- range $name, $value := .Values.config }}
{{ $name }}: {{ ternary $value (toJson $value) (kindIs "string" $value) | quote }}
{{- end }}
{{- end }}

{{- define "postroom.fingerprint" -}}
{{ include "postroom.config" . | sha256sum }}
{{- end }}

{{/* A name of its own for each content: an old ReplicaSet finds what it was started with. */}}
{{- define "postroom.configName" -}}
{{ .Release.Name }}-config-{{ include "postroom.fingerprint" . | trunc 10 }}
{{- end }}

{{/* The variable that a secret is the value of. */}}
{{- define "postroom.secretVariable" -}}
{{ ternary "OTEL_EXPORTER_OTLP_HEADERS" (printf "POSTROOM_%s" (snakecase . | upper)) (eq . "otlpHeaders") }}
{{- end }}

{{/* The release, and where its secrets are. Takes root and secrets. */}}
{{- define "postroom.env" -}}
- name: POSTROOM_RELEASE
  value: {{ .root.Values.release | default (toString .root.Release.Revision) | quote }}
{{- range .secrets }}
{{- if (index $.root.Values.secrets .).name }}
- name: {{ include "postroom.secretVariable" . }}_FILE
  value: /etc/postroom/secrets/{{ snakecase . }}
{{- end }}
{{- end }}
{{- end }}
