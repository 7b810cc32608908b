{{/* What the schema cannot say: values that do not fit each other. All problems at once. */}}

{{- define "vestibule.validate" -}}
{{- $problems := list }}
{{- $sqlite := include "vestibule.isSqlite" . }}
{{- $host := include "vestibule.issuerHost" . }}
{{- if not .Values.issuer }}
{{- $problems = append $problems "issuer is required: the https URL under which browsers and applications reach the service, such as https://id.example.com" }}
{{- else if not (regexMatch "^https?://[^/?#@[:space:]]+/?$" .Values.issuer) }}
{{- $problems = append $problems (printf "issuer %q is not a URL without user name, path, query and fragment: the well-known URLs and the cookies live at the root" .Values.issuer) }}
{{- else if and .Values.devMode (not (and (hasPrefix "http://" .Values.issuer) (include "vestibule.isLoopback" .))) }}
{{- $problems = append $problems (printf "devMode is for an issuer on loopback such as http://localhost:8080, not %s" .Values.issuer) }}
{{- else if and (not .Values.devMode) (not (hasPrefix "https://" .Values.issuer)) }}
{{- $problems = append $problems (printf "issuer %s must be https; plain http is only for devMode" .Values.issuer) }}
{{- end }}
{{- $problems = concat $problems (include "vestibule.validate.database" . | fromJsonArray) }}
{{- $problems = concat $problems (include "vestibule.validate.routes" . | fromJsonArray) }}
{{- $problems = concat $problems (include "vestibule.validate.pods" . | fromJsonArray) }}
{{- $problems = concat $problems (include "vestibule.validate.secrets" . | fromJsonArray) }}
{{- if $problems }}
{{- fail (printf "\n\nThese values do not fit:\n%s\n" (printf "  - %s" (join "\n  - " $problems))) }}
{{- end }}
{{- end }}

{{- define "vestibule.validate.database" -}}
{{- $problems := list }}
{{- if include "vestibule.isSqlite" . }}
{{- if gt (include "vestibule.replicas" . | int) 1 }}
{{- $problems = append $problems "replicaCount: SQLite is for one replica; use database.type postgres for more" }}
{{- end }}
{{- if .Values.autoscaling.enabled }}
{{- $problems = append $problems "autoscaling.enabled: SQLite is for one replica; use database.type postgres to scale" }}
{{- end }}
{{- $strategy := default "RollingUpdate" .Values.strategy.type }}
{{- if and .Values.strategy (ne $strategy "Recreate") }}
{{- $problems = append $problems (printf "strategy.type %s: two pods would share the SQLite file; only Recreate will do" $strategy) }}
{{- end }}
{{- if not (or .Values.database.sqlite.persistence.enabled .Values.devMode) }}
{{- $problems = append $problems "database.sqlite.persistence.enabled: without a volume everything is lost with the pod; that is only for devMode" }}
{{- end }}
{{- if eq .Values.migrations.mode "job" }}
{{- $problems = append $problems "migrations.mode job: the volume belongs to the one pod of SQLite, which migrates by itself; use startup" }}
{{- end }}
{{- if .Values.database.existingSecret.name }}
{{- $problems = append $problems "database.existingSecret.name: SQLite has no URL; set database.type postgres, or remove it" }}
{{- end }}
{{- else }}
{{- if not .Values.database.existingSecret.name }}
{{- $problems = append $problems "database.existingSecret.name is required with PostgreSQL: the Secret with the database's URL, such as CloudNativePG's <cluster>-app" }}
{{- end }}
{{- if .Values.devMode }}
{{- $problems = append $problems "devMode keeps everything in the pod: set database.type sqlite" }}
{{- end }}
{{- $ca := or .Values.database.tls.ca.existingSecret .Values.database.tls.ca.existingConfigMap }}
{{- if and (hasPrefix "verify-" .Values.database.tls.mode) (not $ca) }}
{{- $problems = append $problems (printf "database.tls.mode %s needs database.tls.ca" .Values.database.tls.mode) }}
{{- end }}
{{- end }}
{{- if not (or .Values.keys.existingSecret .Values.devMode) }}
{{- $problems = append $problems "keys.existingSecret is required outside devMode: a Secret with an entry 001.kek of 64 hexadecimal digits (openssl rand -hex 32), kept apart from the database" }}
{{- end }}
{{- toJson $problems }}
{{- end }}

{{- define "vestibule.validate.routes" -}}
{{- $problems := list }}
{{- $host := include "vestibule.issuerHost" . }}
{{- if .Values.ingress.enabled }}
{{- range .Values.ingress.hosts }}
{{- if ne (lower .) $host }}
{{- $problems = append $problems (printf "ingress.hosts: %s is not the issuer's host (%s); tokens and cookies would not fit" . $host) }}
{{- end }}
{{- end }}
{{- end }}
{{- if .Values.httpRoute.enabled }}
{{- range .Values.httpRoute.hostnames }}
{{- if ne (lower .) $host }}
{{- $problems = append $problems (printf "httpRoute.hostnames: %s is not the issuer's host (%s); tokens and cookies would not fit" . $host) }}
{{- end }}
{{- end }}
{{- if not .Values.httpRoute.parentRefs }}
{{- $problems = append $problems "httpRoute.parentRefs is required: the gateways that shall route to the service" }}
{{- end }}
{{- end }}
{{- if and .Values.ingress.enabled .Values.httpRoute.enabled }}
{{- $problems = append $problems (printf "ingress.enabled and httpRoute.enabled: both would route %s; choose one" $host) }}
{{- end }}
{{- if and .Values.devMode (or .Values.ingress.enabled .Values.httpRoute.enabled) }}
{{- $problems = append $problems "devMode listens on the pod's loopback address: no ingress or httpRoute can reach it" }}
{{- end }}
{{- if and .Values.devMode .Values.tls.existingSecret }}
{{- $problems = append $problems "tls.existingSecret: devMode has a plain http issuer" }}
{{- end }}
{{- toJson $problems }}
{{- end }}

{{/* Idle and loaded, without hashing, the service takes less than 64 MiB; the rest is room. */}}
{{- define "vestibule.validate.pods" -}}
{{- $problems := list }}
{{- $limit := dig "limits" "memory" "" (default (dict) .Values.resources) }}
{{- if $limit }}
{{- $needed := add 128 (ceil (divf (mulf .Values.hashing.memoryKiB .Values.hashing.threads) 1024)) | int }}
{{- if lt (include "vestibule.mebibytes" $limit | int) $needed }}
{{- $problems = append $problems (printf "resources.limits.memory %s is too little: 128Mi and %d hash threads of %d KiB need %dMi" (toString $limit) (int .Values.hashing.threads) (int .Values.hashing.memoryKiB) $needed) }}
{{- end }}
{{- end }}
{{- $memory := int .Values.hashing.memoryKiB }}
{{- $passes := int .Values.hashing.iterations }}
{{- $strong := .Values.devMode }}
{{- range $least, $minimum := dict "1" 47104 "2" 19456 "3" 12288 "4" 9216 "5" 7168 }}
{{- $strong = or $strong (and (ge $passes (int $least)) (ge $memory (int $minimum))) }}
{{- end }}
{{- if not $strong }}
{{- $problems = append $problems (printf "hashing: %d KiB with %d iterations is weaker than OWASP's minimum, such as 19456 with 2" $memory $passes) }}
{{- else if gt (mul $memory $passes | int) 1048576 }}
{{- $problems = append $problems (printf "hashing: %d KiB with %d iterations takes longer than people wait; one times the other is at most 1048576" $memory $passes) }}
{{- end }}
{{- if and .Values.metrics.serviceMonitor.enabled .Values.metrics.podMonitor.enabled }}
{{- $problems = append $problems "metrics.serviceMonitor and metrics.podMonitor would both scrape every pod, and everything would count twice; choose one" }}
{{- end }}
{{- $drain := add .Values.drain.delaySeconds .Values.drain.timeoutSeconds 5 | int }}
{{- if lt (int .Values.terminationGracePeriodSeconds) $drain }}
{{- $problems = append $problems (printf "terminationGracePeriodSeconds %d is too little: drain.delaySeconds, drain.timeoutSeconds and 5 to stop need %d" (int .Values.terminationGracePeriodSeconds) $drain) }}
{{- end }}
{{- if and .Values.autoscaling.enabled (gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas)) }}
{{- $problems = append $problems "autoscaling.minReplicas is more than autoscaling.maxReplicas" }}
{{- end }}
{{- toJson $problems }}
{{- end }}

{{- define "vestibule.validate.secrets" -}}
{{- $problems := list }}
{{- if and .Values.mail.host (not .Values.mail.from) }}
{{- $problems = append $problems "mail.from is required with mail.host: the sender, such as Example <no-reply@example.com>" }}
{{- end }}
{{- if and .Values.mail.existingSecret.name (not .Values.mail.host) }}
{{- $problems = append $problems "mail.existingSecret.name: there is no mail.host to log in at" }}
{{- end }}
{{- range .Values.extraEnv }}
{{- if and (hasKey . "value") (regexMatch "^(VESTIBULE_(DATABASE__URL|MAIL__SMTP_PASSWORD)|PGPASSWORD|OTEL_EXPORTER_OTLP_(TRACES_)?HEADERS)$" .name) }}
{{- $problems = append $problems (printf "extraEnv: %s is a secret and does not belong in values; take it from a Secret (valueFrom.secretKeyRef), or use database.existingSecret or mail.existingSecret" .name) }}
{{- end }}
{{- end }}
{{- range $name, $text := .Values.declared.documents }}
{{- /* As a bare or a quoted key, on its own, in an inline table or after a dot. */}}
{{- if regexMatch "(?m)(^|[{,.\\s])[\"']?(client_secret|password|totp_secret)[\"']?\\s*=" $text }}
{{- $problems = append $problems (printf "declared.documents: %s has a secret in it; use clients[].secretRef, or set passwords with `vestibule user set-password`" $name) }}
{{- end }}
{{- end }}
{{- if hasKey (default dict .Values.declared.documents) "clients.toml" }}
{{- $problems = append $problems "declared.documents: clients.toml is the name of the document made from clients; choose another" }}
{{- end }}
{{- if and .Values.scopes (hasKey (default dict .Values.declared.documents) "scopes.toml") }}
{{- $problems = append $problems "declared.documents: scopes.toml is the name of the document made from scopes; choose another" }}
{{- end }}
{{- range .Values.clients }}
{{- $public := eq (default "client_secret_basic" .token_endpoint_auth_method) "none" }}
{{- if and $public .secretRef }}
{{- $problems = append $problems (printf "clients: %s is public (token_endpoint_auth_method none) and has no secret; remove its secretRef" .client_id) }}
{{- else if not (or $public .secretRef) }}
{{- $problems = append $problems (printf "clients: %s needs secretRef with name and key of a Secret, or token_endpoint_auth_method none" .client_id) }}
{{- end }}
{{- end }}
{{- toJson $problems }}
{{- end }}
