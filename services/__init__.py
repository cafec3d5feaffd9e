"""Snowlight's services, each a package that imports no other."""

import os

# Before gRPC is loaded: its handlers of fork(2), on by default, work on the sockets that a child shares with
# us until its exec. *Measured* with calls on their way: 1.7 % of the children die before their exec, and now
# and then a socket of ours with them (docs/design/0020). We fork to exec, and for nothing else.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
