"""The queries of alerts, of how they are told, of policies and of duty."""
