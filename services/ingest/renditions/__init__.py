"""Live renditions beside what a camera records: its sub stream, and what is encoded anew.

They run only while somebody watches.
"""
