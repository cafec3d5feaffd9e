"""The promises of the whole cluster, kept by real processes and seen from outside."""
