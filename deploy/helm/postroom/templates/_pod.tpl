{{/* What all pods share. Takes root, component and secrets. */}}
{{- define "postroom.pod" -}}
serviceAccountName: {{ include "postroom.name" . }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile:
    type: RuntimeDefault
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- with .root.Values.pods.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .root.Values.pods.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.pods.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumes:
  - name: tmp
    emptyDir:
      sizeLimit: 128Mi
  - name: secrets
    projected:
      defaultMode: 0440
      sources:
        {{- range .secrets }}
        {{- $secret := index $.root.Values.secrets . }}
        {{- if $secret.name }}
        - secret:
            name: {{ $secret.name }}
            items:
              - key: {{ $secret.key }}
                path: {{ snakecase . }}
        {{- end }}
        {{- end }}
  {{- with .root.Values.certificates.configMap }}
  - name: certificates
    configMap:
      name: {{ . }}
  {{- end }}
{{- end }}

{{/* What all containers share. Takes root and resources. */}}
{{- define "postroom.container" -}}
imagePullPolicy: IfNotPresent
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
resources:
  {{- toYaml .resources | nindent 2 }}
volumeMounts:
  - name: tmp
    mountPath: /tmp
  # Not below /run/secrets: a role's token is mounted there, and nothing can be mounted into a read-only volume.
  - name: secrets
    mountPath: /etc/postroom/secrets
    readOnly: true
  {{- if .root.Values.certificates.configMap }}
  - name: certificates
    mountPath: /etc/postroom/certificates
    readOnly: true
  {{- end }}
{{- end }}
