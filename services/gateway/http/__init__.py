"""What every route of the gateway shares: problems, JSON, instants, the route table."""
