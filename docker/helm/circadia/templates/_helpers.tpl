{{- define "circadia.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 53 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 53 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "circadia.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* A list of the context and the component's name. */}}
{{- define "circadia.labels" -}}
{{- $ := index . 0 -}}
{{ include "circadia.selector" $ }}
app.kubernetes.io/component: {{ index . 1 }}
app.kubernetes.io/version: {{ $.Values.image.tag | default $.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $.Chart.Name $.Chart.Version }}
{{- end -}}

{{- define "circadia.image" -}}
{{- $repository := required "image.repository must be set, such as ghcr.io/example/circadia" .Values.image.repository -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{/* The variables of a container. A list of the context and its secrets. */}}
{{- define "circadia.env" -}}
{{- $ := index . 0 -}}
- name: CIRCADIA_ENV
  value: production
- name: CIRCADIA_BIND
  value: 0.0.0.0:8000
# Below the volume, which is open to others: the server makes it for itself alone.
- name: CIRCADIA_DATA_DIR
  value: /data/circadia
{{- range $name, $value := $.Values.env }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- range $name, $_ := index . 1 }}
- name: {{ $name }}_FILE
  value: /run/secrets/circadia/{{ $name }}
{{- end }}
{{- end -}}

{{/* A volume with a file for each secret. A list of the volume's name and the secrets. */}}
{{- define "circadia.secretsVolume" -}}
- name: {{ index . 0 }}
  projected:
    defaultMode: 0440
    sources:
    {{- range $name, $from := index . 1 }}
      - secret:
          name: {{ $from.name }}
          items:
            - {key: {{ $from.key | quote }}, path: {{ $name }}}
    {{- end }}
{{- end -}}

{{/* The secrets of the migrations: those of the server, but for what is given for them. */}}
{{- define "circadia.migrationSecrets" -}}
{{- toYaml (merge (deepCopy .Values.migration.secrets) (deepCopy .Values.secrets)) -}}
{{- end -}}

{{- define "circadia.podSecurityContext" -}}
runAsNonRoot: true
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "circadia.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* What would be found out only later is refused at once. */}}
{{- define "circadia.check" -}}
{{- range list "CIRCADIA_SECRET_KEY" "DATABASE_URL" -}}
{{- if not (hasKey $.Values.secrets .) -}}
{{- fail (printf "secrets.%s must name a Secret and a key" .) -}}
{{- end -}}
{{- end -}}
{{- range $name, $_ := .Values.env -}}
{{- if or (hasKey $.Values.secrets $name) (has $name (list "CIRCADIA_ENV" "CIRCADIA_BIND" "CIRCADIA_DATA_DIR" "PORT")) -}}
{{- fail (printf "env.%s is set by the chart" $name) -}}
{{- end -}}
{{- end -}}
{{- if not .Values.env.CIRCADIA_TRUSTED_PROXIES -}}
{{- fail "env.CIRCADIA_TRUSTED_PROXIES must be set: in production the server answers only what a proxy that it trusts received by HTTPS" -}}
{{- end -}}
{{- if not (or .Values.env.CIRCADIA_MEDIA_URL .Values.persistence.existingClaim) -}}
{{- fail "env.CIRCADIA_MEDIA_URL (s3://…) or persistence.existingClaim must be set: profile images would be lost with each pod" -}}
{{- end -}}
{{- if and .Values.serviceMonitor.enabled (not .Values.metrics.port) -}}
{{- fail "serviceMonitor.enabled needs metrics.port" -}}
{{- end -}}
{{- if and .Values.backup.enabled (not .Values.backup.existingClaim) -}}
{{- fail "backup.enabled needs backup.existingClaim, where the dumps are written" -}}
{{- end -}}
{{- end -}}
