{{/* Before anything of the release exists or changes. At a rollback the hook of the release that is returned to runs:
     it refuses when the schema has outgrown that release. What the Job needs has a lower weight. Takes weight. */}}
{{- define "postroom.hook" -}}
helm.sh/hook: pre-install,pre-upgrade,pre-rollback
helm.sh/hook-weight: {{ .weight | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
