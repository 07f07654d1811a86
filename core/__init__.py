"""What every feature may use. Imports libraries and itself, never a blueprint."""
