{{/* Names, labels, the image. */}}

{{- define "vestibule.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "vestibule.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "vestibule.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride }}
{{- end }}

{{- define "vestibule.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "vestibule.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* What a Deployment, a Service and the rest select. Never changes. */}}
{{- define "vestibule.selectorLabels" -}}
app.kubernetes.io/name: {{ include "vestibule.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: server
{{- end }}

{{/* Call with (dict "root" $ "component" "server"). */}}
{{- define "vestibule.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/name: {{ include "vestibule.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- with .root.Values.commonLabels }}
{{ tpl (toYaml .) $.root }}
{{- end }}
{{- end }}

{{/* Of pods: without the chart's version, which alone is no reason to replace them. */}}
{{- define "vestibule.podLabels" -}}
app.kubernetes.io/name: {{ include "vestibule.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- with .root.Values.commonLabels }}
{{ tpl (toYaml .) $.root }}
{{- end }}
{{- end }}

{{/* The head of an object's metadata. Call with (dict "root" $ "component" "server" "name" … "annotations" (dict …) "labels" (dict …)); the last
     three may be left out. */}}
{{- define "vestibule.metadata" -}}
name: {{ default (include "vestibule.fullname" .root) .name }}
namespace: {{ include "vestibule.namespace" .root }}
labels:
  {{- include "vestibule.labels" . | nindent 2 }}
  {{- with .labels }}
  {{- tpl (toYaml .) $.root | nindent 2 }}
  {{- end }}
{{- with merge (dict) (default (dict) .annotations) (default (dict) .root.Values.commonAnnotations) }}
annotations:
  {{- tpl (toYaml .) $.root | nindent 2 }}
{{- end }}
{{- end }}

{{- define "vestibule.image" -}}
{{- $registry := default .Values.image.registry .Values.global.imageRegistry }}
{{- if $registry }}{{ trimSuffix "/" $registry }}/{{ end }}{{ .Values.image.repository }}
{{- if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ default .Chart.AppVersion .Values.image.tag }}{{ end }}
{{- end }}

{{/* The issuer without a trailing slash; its host without port; both lower-case where that is the same thing. */}}
{{- define "vestibule.issuer" -}}
{{- trimSuffix "/" .Values.issuer }}
{{- end }}

{{- define "vestibule.issuerHost" -}}
{{- regexReplaceAll "^[a-z]+://(\\[[^]]*\\]|[^/:]*).*$" (lower .Values.issuer) "${1}" }}
{{- end }}

{{- define "vestibule.isLoopback" -}}
{{- if has (include "vestibule.issuerHost" .) (list "localhost" "127.0.0.1" "[::1]") }}true{{ end }}
{{- end }}

{{- define "vestibule.isSqlite" -}}
{{- if eq .Values.database.type "sqlite" }}true{{ end }}
{{- end }}

{{- define "vestibule.replicas" -}}
{{- if kindIs "invalid" .Values.replicaCount }}
{{- if include "vestibule.isSqlite" . }}1{{ else }}2{{ end }}
{{- else }}
{{- .Values.replicaCount | int }}
{{- end }}
{{- end }}

{{- define "vestibule.scheme" -}}
{{- if .Values.tls.existingSecret }}https{{ else }}http{{ end }}
{{- end }}

{{- define "vestibule.servicePort" -}}
{{- if .Values.service.port }}{{ .Values.service.port | int }}{{ else if .Values.tls.existingSecret }}443{{ else }}80{{ end }}
{{- end }}

{{/* The claim with the SQLite database. */}}
{{- define "vestibule.claimName" -}}
{{- default (printf "%s-data" (include "vestibule.fullname" .)) .Values.database.sqlite.persistence.existingClaim }}
{{- end }}

{{/* A memory quantity in MiB, rounded down. */}}
{{- define "vestibule.mebibytes" -}}
{{- $text := toString . }}
{{- $number := regexFind "^[0-9.]+" $text | float64 }}
{{- $unit := regexReplaceAll "^[0-9.]+" $text "" }}
{{- $factors := dict "" 1 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 }}
{{- divf (mulf $number (get $factors $unit | float64)) 1048576 | floor | int }}
{{- end }}
