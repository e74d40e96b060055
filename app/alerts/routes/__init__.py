"""What people ask of alerts, one file for each thing."""

from app.alerts.routes import alerts, answers, policies

ROUTES = [*alerts.ROUTES, *answers.ROUTES, *policies.ROUTES]
