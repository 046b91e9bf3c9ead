"""Sets of values that the chart is rendered with."""

from typing import Any

Values = dict[str, Any]

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def build() -> Values:
    """As `make publish` writes it."""
    images = {
        service: {"reference": f"registry.example.com:5000/mail/postroom-{service}@sha256:{digit * 64}"}
        for service, digit in (("api", "a"), ("worker", "b"), ("scheduler", "c"))
    }
    return {"version": "0.1.0", "commit": COMMIT, "modified": False, "base": "python:3.11", "images": images}


def minimal() -> Values:
    """What has no default, and nothing more."""
    return {"build": build()}


def everything() -> Values:
    """Every part of the chart switched on, and every value another than by default."""
    resources = {
        "requests": {"cpu": 1, "memory": "1Gi"},
        "limits": {"cpu": "2", "memory": "2Gi", "ephemeral-storage": "1Gi"},
    }
    peers = [
        {"namespaceSelector": {"matchLabels": {"team": "edge"}}, "podSelector": {"matchLabels": {"app": "gateway"}}},
        {"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["shop"]}]}},
    ]
    network = [{"ipBlock": {"cidr": "10.2.0.0/16", "except": ["10.2.3.0/24"]}}]
    return {
        "build": build(),
        "release": "2026.11-42",
        "config": {
            "POSTROOM_PORT": 9000,
            "POSTROOM_HEALTH_PORT": "9001",
            "POSTROOM_DRAIN_SECONDS": 40.5,
            "POSTROOM_HINT_MARK": 10_000_000,
            "POSTROOM_VERIFIED_DOMAINS_ONLY": False,
            "POSTROOM_PUBLIC_URL": "https://postroom.example.com",
            "POSTROOM_SES_TOPICS": "arn:aws:sns:eu-west-1:123456789012:one,arn:aws:sns:eu-west-1:123456789012:two",
        },
        "secrets": {name: {"name": f"from-{name.lower()}", "key": f"{name}.txt"} for name in SECRETS},
        "certificates": {"configMap": "authorities"},
        "imagePullSecrets": ["registry"],
        "pods": {
            "annotations": {"example.com/team": "mail"},
            "nodeSelector": {"kubernetes.io/arch": "amd64"},
            "tolerations": [{"key": "mail", "operator": "Exists", "effect": "NoSchedule"}],
            "priorityClassName": "high",
        },
        "api": {
            "preStopSeconds": 15,
            "autoscaling": {"enabled": True, "minReplicas": 3, "maxReplicas": 30, "targetCPUPercent": 60},
            "resources": resources,
        },
        "worker": {
            "serviceAccountAnnotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/postroom"},
            "autoscaling": {
                "enabled": True,
                "minReplicas": 3,
                "maxReplicas": 40,
                "metric": {"name": "oldest_email_seconds", "matchLabels": {"deploy": "mail"}},
                "targetSeconds": 20,
            },
            "resources": resources,
        },
        "scheduler": {"replicas": 1, "resources": resources},
        "migration": {"deadlineSeconds": 1800, "retries": 1, "resources": resources},
        "ingress": {
            "enabled": True,
            "className": "nginx",
            "host": "postroom.example.com",
            "tlsSecret": "postroom-tls",
            "annotations": {"cert-manager.io/cluster-issuer": "letsencrypt"},
        },
        "networkPolicy": {
            "apiFrom": peers,
            "metricsFrom": peers,
            "dnsTo": [{"ipBlock": {"cidr": "169.254.20.10/32"}}],
            "database": {"ports": [3307], "to": network},
            "redis": {"ports": [6380], "to": network},
            "web": {"ports": [443, 8443], "to": network},
            "mail": {"ports": [587], "to": network},
            "collector": {"ports": [4318], "to": network},
        },
    }


SECRETS = ("databaseUrl", "redisUrl", "mailUrl", "secretKey", "otlpHeaders")
