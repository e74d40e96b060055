"""What people ask of alerts, one file for each thing."""

from app.alerts.routes import alerts

ROUTES = alerts.ROUTES
