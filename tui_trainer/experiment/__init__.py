"""The one description of a run: frozen, validated, a TOML file."""
