{{/* What Jobs have in common. Their names end in a digest of what they do: a Job cannot be changed, only replaced. */}}

{{- define "vestibule.job.name" -}}
{{- printf "%s-%s-%s" (include "vestibule.fullname" .root) .verb (sha256sum .content | trunc 8) }}
{{- end }}

{{- define "vestibule.job.spec" -}}
backoffLimit: {{ .Values.jobs.backoffLimit | int }}
activeDeadlineSeconds: {{ .Values.jobs.activeDeadlineSeconds | int }}
{{- if not (kindIs "invalid" .Values.jobs.ttlSecondsAfterFinished) }}
ttlSecondsAfterFinished: {{ .Values.jobs.ttlSecondsAfterFinished | int }}
{{- end }}
{{- end }}
