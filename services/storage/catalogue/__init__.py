"""What is kept in the object store beside footage, so that a lost database can be made again."""
