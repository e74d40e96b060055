"""What people ask of alerts, one file for each thing."""

from app.alerts.routes import alerts, answers, deliveries, policies

ROUTES = [*alerts.ROUTES, *deliveries.ROUTES, *answers.ROUTES, *policies.ROUTES]
