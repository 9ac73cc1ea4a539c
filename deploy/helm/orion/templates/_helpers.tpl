{{- define "orion.name" -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "orion.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "orion.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* The port of a role when it runs apart. */}}
{{- define "orion.port" -}}
{{- $ports := dict "gateway" 8000 "scout" 8001 "director" 8002 "media" 8003 "editor" 8004 "pulse" 8005 "publisher" 8006 "identity" 8007 -}}
{{- get $ports . -}}
{{- end -}}

{{/* Where the gateway finds the other roles. */}}
{{- define "orion.services" -}}
{{- $name := include "orion.name" . -}}
{{- $services := list -}}
{{- range $role, $_ := .Values.roles -}}
{{- if ne $role "gateway" -}}
{{- $services = append $services (printf "%s=http://%s-%s:%s" $role $name $role (include "orion.port" $role)) -}}
{{- end -}}
{{- end -}}
{{- join "," $services -}}
{{- end -}}
