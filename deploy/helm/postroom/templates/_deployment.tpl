{{/* One service. Takes root, component, secrets, port (the variable that names it) and replicas (none: scaled). */}}
{{- define "postroom.deployment" -}}
{{- $values := index .root.Values .component }}
{{- $preStop := $values.preStopSeconds | default 0 }}
{{- $drain := .root.Values.config.POSTROOM_DRAIN_SECONDS | float64 | ceil }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "postroom.name" . }}
  labels:
    {{- include "postroom.labels" . | nindent 4 }}
spec:
  {{- with .replicas }}
  replicas: {{ . }}
  {{- end }}
  selector:
    matchLabels:
      {{- include "postroom.selector" . | nindent 6 }}
  strategy:
    rollingUpdate:
      maxUnavailable: 0
      maxSurge: 25%
  template:
    metadata:
      labels:
        {{- include "postroom.selector" . | nindent 8 }}
      annotations:
        checksum/config: {{ include "postroom.fingerprint" .root }}
        {{- with .root.Values.pods.annotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      {{- include "postroom.pod" . | nindent 6 }}
      # What is left when the drain time is over is killed, so the drain time must end first.
      terminationGracePeriodSeconds: {{ add $preStop $drain 10 }}
      topologySpreadConstraints:
        {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
        - topologyKey: {{ . }}
          maxSkew: 1
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- include "postroom.selector" $ | nindent 14 }}
          matchLabelKeys: [pod-template-hash]
        {{- end }}
      containers:
        - name: {{ .component }}
          image: {{ (index .root.Values.build.images .component).reference }}
          {{- include "postroom.container" (dict "root" .root "resources" $values.resources) | nindent 10 }}
          envFrom:
            - configMapRef:
                name: {{ include "postroom.configName" .root }}
          env:
            {{- include "postroom.env" . | nindent 12 }}
          ports:
            - name: http
              containerPort: {{ index .root.Values.config .port | int }}
          {{- if $preStop }}
          lifecycle:
            preStop:
              sleep:
                seconds: {{ $preStop }}
          {{- end }}
          # Longer than a readiness answer takes, which waits two seconds for a backing service.
          startupProbe:
            httpGet: {path: /livez, port: http}
            periodSeconds: 1
            timeoutSeconds: 5
            failureThreshold: 60
          livenessProbe:
            httpGet: {path: /livez, port: http}
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 3
          readinessProbe:
            httpGet: {path: /readyz, port: http}
            periodSeconds: 5
            timeoutSeconds: 5
            failureThreshold: 2
{{- end }}

{{/* One may go at a time, and the last one too: a single replica must not keep a node from being drained. */}}
{{- define "postroom.disruptionBudget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "postroom.name" . }}
  labels:
    {{- include "postroom.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "postroom.selector" . | nindent 6 }}
{{- end }}

{{- define "postroom.serviceAccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "postroom.name" . }}
  labels:
    {{- include "postroom.labels" . | nindent 4 }}
  {{- with .annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
{{- end }}
