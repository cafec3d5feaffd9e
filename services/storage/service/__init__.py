"""The gRPC faces of storage: messages in, messages out."""
