"""The keys that Grafana reads in provisioning files, and what may stand under each.

From pkg/services/provisioning/*/types.go and the documentation of file provisioning; of the kinds of
datasource and contact point only those that we use.

A dict is a mapping with exactly these keys, "!" before those that must be there; [x] is a list of x; a set
holds the values allowed; {str: str} is a mapping with any keys; the first fitting one of a tuple counts.
"""

ANY_TEXT = {str: str}
TEXTS = [str]
PROMETHEUS = {
    "httpMethod": {"GET", "POST"}, "timeInterval": str, "queryTimeout": str, "customQueryParameters": str,
    "prometheusType": {"Prometheus", "Cortex", "Mimir", "Thanos"}, "prometheusVersion": str,
    "cacheLevel": {"Low", "Medium", "High", "None"}, "defaultEditor": {"builder", "code"},
    "disableMetricsLookup": bool, "disableRecordingRules": bool, "allowAsRecordingRulesTarget": bool,
    "incrementalQuerying": bool, "incrementalQueryOverlapWindow": str, "manageAlerts": bool, "alertmanagerUid": str,
    "tlsAuth": bool, "tlsAuthWithCACert": bool, "tlsSkipVerify": bool, "serverName": str, "timeout": int,
}
DATASOURCE = {
    "!name": str, "!type": {"prometheus"}, "!access": {"proxy"}, "!uid": str, "!url": str, "orgId": int, "user": str,
    "orgName": str, "database": str, "basicAuth": bool, "basicAuthUser": str, "withCredentials": bool, "version": int,
    "isDefault": bool, "editable": bool, "jsonData": PROMETHEUS, "secureJsonData": ANY_TEXT,
}
PROVIDER = {
    "!name": str, "!type": {"file"}, "!folder": str, "folderUid": str, "orgId": int, "disableDeletion": bool,
    "editable": bool, "allowUiUpdates": bool, "updateIntervalSeconds": int,
    "!options": {"!path": str, "foldersFromFilesStructure": bool},
}
WEBHOOK = {
    "!url": str, "httpMethod": {"POST", "PUT"}, "username": str, "password": str, "authorization_scheme": str,
    "authorization_credentials": str, "maxAlerts": (int, str), "title": str, "message": str,
}
CONTACT = {"orgId": int, "!name": str, "!receivers": [
    {"!uid": str, "!type": {"webhook"}, "disableResolveMessage": bool, "!settings": WEBHOOK}]}
ROUTE = {
    "!receiver": str, "group_by": TEXTS, "matchers": TEXTS, "object_matchers": [TEXTS], "continue": bool,
    "mute_time_intervals": TEXTS, "active_time_intervals": TEXTS, "group_wait": str, "group_interval": str,
    "repeat_interval": str,
}
POLICY = {"orgId": int, **ROUTE, "routes": [ROUTE]}
SOURCE = {"!type": {"prometheus"}, "!uid": {"prometheus"}}
EXPRESSION = {"!type": {"__expr__"}, "!uid": {"__expr__"}}
QUERY = {
    "!datasource": SOURCE, "editorMode": {"code"}, "!expr": str, "instant": bool, "range": bool, "legendFormat": str,
    "intervalMs": int, "maxDataPoints": int, "!refId": str,
}
THRESHOLD = {
    "!datasource": EXPRESSION, "!type": {"threshold"}, "!expression": str, "!refId": str, "intervalMs": int,
    "maxDataPoints": int,
    "!conditions": [{"!evaluator": {"!type": {"gt", "lt"}, "!params": [(int, float)]}}],
}
RULE = {
    "!uid": str, "!title": str, "!condition": str, "dashboardUid": str, "panelId": int, "!for": str,
    "keepFiringFor": str, "noDataState": {"NoData", "Alerting", "OK", "KeepLast"}, "isPaused": bool,
    "execErrState": {"Error", "Alerting", "OK", "KeepLast"}, "annotations": ANY_TEXT, "labels": ANY_TEXT,
    "!data": [{"!refId": str, "queryType": str, "!datasourceUid": {"prometheus", "__expr__"},
               "!relativeTimeRange": {"!from": int, "!to": int}, "!model": (QUERY, THRESHOLD)}],
}
GROUP = {"orgId": int, "!name": str, "!folder": str, "!interval": str, "!rules": [RULE]}
FILES = {
    "datasources/prometheus.yml": {"!apiVersion": {1}, "prune": bool, "!datasources": [DATASOURCE],
                                   "deleteDatasources": [{"!name": str, "orgId": int, "orgName": str}]},
    "dashboards/provider.yml": {"!apiVersion": {1}, "!providers": [PROVIDER]},
    "alerting/contact-points.yml": {"!apiVersion": {1}, "!contactPoints": [CONTACT],
                                    "deleteContactPoints": [{"!uid": str, "orgId": int}]},
    "alerting/policies.yml": {"!apiVersion": {1}, "!policies": [POLICY], "resetPolicies": [int]},
    "alerting/rules.yml": {"!apiVersion": {1}, "!groups": [GROUP], "deleteRules": [{"!uid": str, "orgId": int}]},
}
