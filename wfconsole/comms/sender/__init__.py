"""The process that sends one message and ends. Only here are the client libraries of Slack and of HTTP imported."""
