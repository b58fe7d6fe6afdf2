"""HTTP: webhooks, health and metrics. Private."""
