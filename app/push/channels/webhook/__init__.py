"""Webhooks as Standard Webhooks (standardwebhooks.com) has them: JSON that is signed, to gateways of SMS, voice and
LINE that a town names in its settings.
"""
