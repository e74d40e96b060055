"""What a town that upgrades rests on while two versions run beside each other (decision 0014)."""
