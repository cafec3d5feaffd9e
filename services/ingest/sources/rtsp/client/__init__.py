"""The client's side: a connection, and the dialogue held over it."""
