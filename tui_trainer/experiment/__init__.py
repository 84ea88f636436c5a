"""The description of a run: frozen, validated, saved as TOML.

In reading order: ``schema`` (the fields), ``validation`` (checks of plain data), ``toml_file`` and ``share`` (as text),
``edit`` (changes of single fields), ``resolve`` (what is inferred from the target, and choices that conflict).
"""
