"""Tables, sessions, migrations and queries of the core."""
