"""AWS: findings of Security Hub, and the ages of secrets. Values of secrets are never asked for."""
