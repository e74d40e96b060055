"""What people ask of alerts, one file for each thing."""

from app.alerts.routes import alerts, answers, deliveries, letters, policies

ROUTES = [*alerts.ROUTES, *deliveries.ROUTES, *answers.ROUTES, *letters.ROUTES, *policies.ROUTES]
