"""What auth keeps. Functions take the connection, so that one transaction can span several subjects."""
