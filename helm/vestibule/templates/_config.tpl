{{/* The settings of the service, as vestibule.toml. */}}

{{/* A value as TOML. Helm reads whole numbers as floats, and the service wants whole numbers. */}}
{{- define "vestibule.toml.value" -}}
{{- if kindIs "bool" . }}{{ . }}
{{- else if or (kindIs "float64" .) (kindIs "int64" .) (kindIs "int" .) }}{{ int64 . }}
{{- else if kindIs "slice" . }}{{ toJson . }}
{{- else if kindIs "map" . }}
{{- $members := list }}
{{- range $key, $value := . }}
{{- if not (kindIs "invalid" $value) }}{{ $members = append $members (printf "%s = %s" (toJson $key) (include "vestibule.toml.value" $value)) }}{{ end }}
{{- end }}
{{- if $members }}{ {{ join ", " $members }} }{{ else }}{}{{ end }}
{{- else }}{{ toJson (toString .) }}
{{- end }}
{{- end }}

{{/* What the chart itself sets, by section, as JSON; all of these are left out of `config` in the schema. */}}
{{- define "vestibule.settings.own" -}}
{{- $address := ternary "[::]" .Values.service.listenAddress (eq .Values.service.listenAddress "::") }}
{{- $server := dict
      "listen" (printf "%s:8080" (ternary "127.0.0.1" $address .Values.devMode))
      "internal_listen" (printf "%s:9090" $address)
      "public_url" (include "vestibule.issuer" .)
      "drain_delay" (printf "%ds" (int .Values.drain.delaySeconds))
      "drain_timeout" (printf "%ds" (int .Values.drain.timeoutSeconds)) }}
{{- with .Values.proxy.trustedCidrs }}{{ $_ := set $server "trusted_proxies" . }}{{ end }}
{{- if .Values.tls.existingSecret }}
{{- $_ := set $server "tls_certificate" "/etc/vestibule/tls/tls.crt" }}
{{- $_ := set $server "tls_key" "/etc/vestibule/tls/tls.key" }}
{{- end }}
{{- $database := dict "migrate_on_start" (eq .Values.migrations.mode "startup") }}
{{- if include "vestibule.isSqlite" . }}{{ $_ := set $database "url" "sqlite:///var/lib/vestibule/vestibule.db" }}{{ end }}
{{- $keys := dict "directory" (ternary "/etc/vestibule/keys" "/var/lib/vestibule/keys" (ne .Values.keys.existingSecret "")) }}
{{- $password := dict
      "memory_kib" .Values.hashing.memoryKiB
      "iterations" .Values.hashing.iterations
      "hash_threads" .Values.hashing.threads }}
{{- $mail := dict "transport" (ternary "smtp" "log" (ne .Values.mail.host "")) }}
{{- if .Values.mail.host }}
{{- $_ := set $mail "smtp_host" .Values.mail.host }}
{{- $_ := set $mail "smtp_tls" .Values.mail.tls }}
{{- with .Values.mail.port }}{{ $_ := set $mail "smtp_port" . }}{{ end }}
{{- with (include "vestibule.ca.path" (dict "ca" .Values.mail.ca "name" "mail-ca")) }}{{ $_ := set $mail "smtp_ca_file" . }}{{ end }}
{{- end }}
{{- with .Values.mail.from }}{{ $_ := set $mail "from" . }}{{ end }}
{{- with .Values.mail.replyTo }}{{ $_ := set $mail "reply_to" . }}{{ end }}
{{- $declared := dict
      "directory" "/etc/vestibule/declared"
      "removal" .Values.declared.removal
      "secret_overlap" .Values.declared.secretOverlap }}
{{- $own := dict "declared" $declared "server" $server "database" $database "keys" $keys "password" $password "mail" $mail }}
{{- with (include "vestibule.ca.path" (dict "ca" .Values.outbound.ca "name" "outbound-ca")) }}
{{- $_ := set $own "outbound" (dict "extra_ca_file" .) }}
{{- end }}
{{- toJson $own }}
{{- end }}

{{- define "vestibule.toml" -}}
{{- $own := include "vestibule.settings.own" . | fromJson }}
{{- range $section, $settings := mergeOverwrite (deepCopy (default (dict) .Values.config)) $own }}
{{- if $settings }}
[{{ $section }}]
{{- range $key, $value := $settings }}
{{- if not (kindIs "invalid" $value) }}
{{ $key }} = {{ include "vestibule.toml.value" $value }}
{{- end }}
{{- end }}
{{ end }}
{{- end }}
{{- end }}

{{/* `clients` as a document. It is there also when it declares nothing: without any document the service takes its directory for lost. */}}
{{- define "vestibule.clients.toml" -}}
# From the chart's value clients.
{{- range .Values.clients }}
[[clients]]
{{- range $key, $value := omit . "secretRef" }}
{{- if not (kindIs "invalid" $value) }}
{{ $key }} = {{ include "vestibule.toml.value" $value }}
{{- end }}
{{- end }}
{{- with .secretRef }}
client_secret_file = {{ printf "/etc/vestibule/client-secrets/%s/%s" .name .key | toJson }}
{{- end }}
{{ end }}
{{- end }}

{{/* `scopes` as a document; none without. */}}
{{- define "vestibule.scopes.toml" -}}
# From the chart's value scopes.
{{- range .Values.scopes }}
[[scopes]]
{{- range $key, $value := . }}
{{- if not (kindIs "invalid" $value) }}
{{ $key }} = {{ include "vestibule.toml.value" $value }}
{{- end }}
{{- end }}
{{ end }}
{{- end }}

{{/* All documents by file name, as JSON. */}}
{{- define "vestibule.documents" -}}
{{- $documents := dict }}
{{- range $name, $text := .Values.declared.documents }}{{ $_ := set $documents $name (tpl $text $) }}{{ end }}
{{- $_ := set $documents "clients.toml" (include "vestibule.clients.toml" .) }}
{{- if .Values.scopes }}{{ $_ := set $documents "scopes.toml" (include "vestibule.scopes.toml" .) }}{{ end }}
{{- toJson $documents }}
{{- end }}
