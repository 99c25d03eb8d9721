"""Acme's loyalty club for crm-bridge."""
