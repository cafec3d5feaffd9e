"""Ingest as pods of a StatefulSet: its zone, drains and number of replicas."""
