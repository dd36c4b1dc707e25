"""Messages: drafted from live facts, reviewed by a person, kept in the journal, sent by a process of their own."""
