"""Live renditions beside what a camera records: its sub stream. They run only while somebody watches."""
