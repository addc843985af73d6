"""Changes of one exchange in a conversation, for each API: what breaks a rule, and what a document leaves open."""
