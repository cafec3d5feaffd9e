"""The real parts that tests run against. Each is found or made here, and says what it did."""
