"""Cameras as custom resources of Kubernetes, brought into the registry."""
