"""Cameras that publish to a worker which has not got them: what they send is given on to the one that has."""
