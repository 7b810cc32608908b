{{/* Parts of pods: the same for the server, for Jobs and for tests. */}}

{{/* What every pod has. */}}
{{- define "vestibule.pod" -}}
automountServiceAccountToken: false
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- with concat (default (list) .Values.global.imagePullSecrets) (default (list) .Values.image.pullSecrets) }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.runtimeClassName }}
runtimeClassName: {{ . }}
{{- end }}
{{- with .Values.schedulerName }}
schedulerName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- tpl (toYaml .) $ | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- tpl (toYaml .) $ | nindent 2 }}
{{- end }}
{{- with .Values.hostAliases }}
hostAliases:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.dnsPolicy }}
dnsPolicy: {{ . }}
{{- end }}
{{- with .Values.dnsConfig }}
dnsConfig:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* What every container of ours has. */}}
{{- define "vestibule.container" -}}
image: {{ include "vestibule.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  {{- toYaml .Values.securityContext | nindent 2 }}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
{{- end }}

{{/* Where the settings are, and where the secrets are mounted. */}}
{{- define "vestibule.env.config" -}}
- name: VESTIBULE_CONFIG
  value: /etc/vestibule/config/vestibule.toml
{{- include "vestibule.env.database" . }}
{{- if .Values.mail.existingSecret.name }}
- name: VESTIBULE_MAIL__SMTP_USERNAME_FILE
  value: /etc/vestibule/mail/{{ .Values.mail.existingSecret.usernameKey }}
- name: VESTIBULE_MAIL__SMTP_PASSWORD_FILE
  value: /etc/vestibule/mail/{{ .Values.mail.existingSecret.passwordKey }}
{{- end }}
{{- end }}

{{- define "vestibule.env.database" }}
{{- if not (include "vestibule.isSqlite" .) }}
- name: VESTIBULE_DATABASE__URL_FILE
  value: /etc/vestibule/database/{{ .Values.database.existingSecret.key }}
{{- with .Values.database.tls.mode }}
- name: PGSSLMODE
  value: {{ . }}
{{- end }}
{{- with (include "vestibule.ca.path" (dict "ca" .Values.database.tls.ca "name" "database-ca")) }}
- name: PGSSLROOTCERT
  value: {{ . }}
{{- end }}
{{- end }}
{{- end }}

{{- define "vestibule.mounts.database" -}}
- name: tmp
  mountPath: /tmp
{{- if include "vestibule.isSqlite" . }}
- name: data
  mountPath: /var/lib/vestibule
{{- else }}
- name: database
  mountPath: /etc/vestibule/database
  readOnly: true
{{- include "vestibule.ca.mount" (dict "ca" .Values.database.tls.ca "name" "database-ca") }}
{{- end }}
{{- end }}

{{- define "vestibule.volumes.database" -}}
- name: tmp
  emptyDir:
    sizeLimit: 64Mi
{{- if include "vestibule.isSqlite" . }}
- name: data
  {{- if .Values.database.sqlite.persistence.enabled }}
  persistentVolumeClaim:
    claimName: {{ include "vestibule.claimName" . }}
  {{- else }}
  emptyDir:
    sizeLimit: {{ .Values.database.sqlite.persistence.size }}
  {{- end }}
{{- else }}
{{ include "vestibule.secretVolume" (dict "name" "database" "secret" .Values.database.existingSecret.name "keys" (list .Values.database.existingSecret.key)) }}
{{- include "vestibule.ca.volume" (dict "ca" .Values.database.tls.ca "name" "database-ca") }}
{{- end }}
{{- end }}

{{- define "vestibule.mounts.config" -}}
{{ include "vestibule.mounts.database" . }}
- name: config
  mountPath: /etc/vestibule/config
  readOnly: true
{{- if .Values.mail.existingSecret.name }}
- name: mail
  mountPath: /etc/vestibule/mail
  readOnly: true
{{- end }}
{{- include "vestibule.ca.mount" (dict "ca" .Values.mail.ca "name" "mail-ca") }}
{{- include "vestibule.ca.mount" (dict "ca" .Values.outbound.ca "name" "outbound-ca") }}
{{- if .Values.keys.existingSecret }}
- name: keys
  mountPath: /etc/vestibule/keys
  readOnly: true
{{- end }}
{{- if .Values.tls.existingSecret }}
- name: tls
  mountPath: /etc/vestibule/tls
  readOnly: true
{{- end }}
{{- end }}

{{- define "vestibule.volumes.config" -}}
{{ include "vestibule.volumes.database" . }}
- name: config
  configMap:
    name: {{ include "vestibule.fullname" . }}
{{- with .Values.mail.existingSecret }}
{{- if .name }}
{{ include "vestibule.secretVolume" (dict "name" "mail" "secret" .name "keys" (list .usernameKey .passwordKey)) }}
{{- end }}
{{- end }}
{{- include "vestibule.ca.volume" (dict "ca" .Values.mail.ca "name" "mail-ca") }}
{{- include "vestibule.ca.volume" (dict "ca" .Values.outbound.ca "name" "outbound-ca") }}
{{- with .Values.keys.existingSecret }}
{{ include "vestibule.secretVolume" (dict "name" "keys" "secret" .) }}
{{- end }}
{{- with .Values.tls.existingSecret }}
{{ include "vestibule.secretVolume" (dict "name" "tls" "secret" . "keys" (list "tls.crt" "tls.key")) }}
{{- end }}
{{- end }}

{{/* Readable by its owner; Kubernetes adds the pod's fsGroup. The service refuses keys that others can read. */}}
{{- define "vestibule.secretVolume" -}}
- name: {{ .name }}
  secret:
    secretName: {{ .secret }}
    # 0400
    defaultMode: 256
    {{- with .keys }}
    items:
      {{- range . }}
      - key: {{ . }}
        path: {{ . }}
      {{- end }}
    {{- end }}
{{- end }}

{{/* Certificate authorities from a Secret or a ConfigMap. Call with (dict "ca" … "name" …). */}}
{{- define "vestibule.ca.path" -}}
{{- if or .ca.existingSecret .ca.existingConfigMap }}/etc/vestibule/{{ .name }}/{{ .ca.key }}{{ end }}
{{- end }}

{{- define "vestibule.ca.mount" }}
{{- if or .ca.existingSecret .ca.existingConfigMap }}
- name: {{ .name }}
  mountPath: /etc/vestibule/{{ .name }}
  readOnly: true
{{- end }}
{{- end }}

{{- define "vestibule.ca.volume" }}
{{- if .ca.existingSecret }}
{{ include "vestibule.secretVolume" (dict "name" .name "secret" .ca.existingSecret "keys" (list .ca.key)) }}
{{- else if .ca.existingConfigMap }}
- name: {{ .name }}
  configMap:
    name: {{ .ca.existingConfigMap }}
    items:
      - key: {{ .ca.key }}
        path: {{ .ca.key }}
{{- end }}
{{- end }}

{{/* The directory of declared state, which the service keeps to, and the secrets it names. Without subPath: a changed ConfigMap or Secret gets there
     by itself. */}}
{{- define "vestibule.mounts.declared" -}}
- name: declared
  mountPath: /etc/vestibule/declared
  readOnly: true
{{- if include "vestibule.declared.secrets" . }}
- name: client-secrets
  mountPath: /etc/vestibule/client-secrets
  readOnly: true
{{- end }}
{{- end }}

{{- define "vestibule.volumes.declared" -}}
- name: declared
  projected:
    # 0400
    defaultMode: 256
    sources:
      - configMap:
          name: {{ include "vestibule.fullname" . }}-declared
      {{- range .Values.declared.existingConfigMaps }}
      - configMap:
          name: {{ tpl . $ }}
      {{- end }}
{{- with (include "vestibule.declared.secrets" .) }}
- name: client-secrets
  projected:
    # 0400
    defaultMode: 256
    sources:
      {{- trim . | nindent 6 }}
{{- end }}
{{- end }}

{{/* Two clients may share a Secret; a path may be there only once. One that is not there yet keeps its own client waiting, and not the pod. */}}
{{- define "vestibule.declared.secrets" }}
{{- $seen := dict }}
{{- range .Values.clients }}
{{- with .secretRef }}
{{- $path := printf "%s/%s" .name .key }}
{{- if not (hasKey $seen $path) }}
{{- $_ := set $seen $path true }}
- secret:
    name: {{ .name }}
    optional: true
    items:
      - key: {{ .key }}
        path: {{ $path }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
