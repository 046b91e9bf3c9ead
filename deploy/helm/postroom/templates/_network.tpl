{{/* A rule without peers would let everybody in; so none is written then. Takes peers. */}}
{{- define "postroom.ingressRule" -}}
{{- with .peers }}
- from:
    {{- toYaml . | nindent 4 }}
  ports:
    - port: http
{{- end }}
{{- end }}

{{/* Takes egress: ports and peers; no peers: anywhere on these ports. */}}
{{- define "postroom.egressRule" -}}
{{- if .egress.ports }}
- ports:
    {{- range .egress.ports }}
    - port: {{ . }}
    {{- end }}
  {{- with .egress.to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Takes root, component, from (peers) and reaches (which of networkPolicy's). */}}
{{- define "postroom.networkPolicy" -}}
{{- $values := .root.Values.networkPolicy }}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "postroom.name" . }}
  labels:
    {{- include "postroom.labels" . | nindent 4 }}
  {{- with .annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  podSelector:
    matchLabels:
      {{- include "postroom.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  {{- with include "postroom.ingressRule" (dict "peers" .from) }}
  ingress:
    {{- . | trim | nindent 4 }}
  {{- end }}
  egress:
    - ports:
        - {port: 53, protocol: UDP}
        - {port: 53, protocol: TCP}
      {{- with $values.dnsTo }}
      to:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    {{- range .reaches }}
    {{- with include "postroom.egressRule" (dict "egress" (index $values .)) | trim }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- end }}
{{- end }}
