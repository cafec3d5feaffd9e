"""gRPC servers and channels, built one way for all services."""
