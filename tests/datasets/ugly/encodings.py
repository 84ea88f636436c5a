"""Encodings, marks at the beginning, and bytes that are no text."""

from __future__ import annotations

from .case import TABLE, USUAL, Case, text

GREEK = "größe,preis,farbe\n1,2.5,rot\n2.5,4.5,grün\n4,1.5,rot\n6,2.5,grün\n"
NAMES = ("größe", "preis")
PACKED = b"\x1f\x8b\x08\x00" + bytes(range(200))

ENCODINGS = (
    Case("UTF-8", GREEK.encode(), features=NAMES, rows=4, told=("UTF-8",)),
    Case("UTF-8 with a mark", b"\xef\xbb\xbf" + text(*TABLE), **USUAL),
    Case("UTF-16", GREEK.encode("utf-16"), features=NAMES, rows=4, told=("UTF-16",)),
    Case("UTF-16, the other way round", b"\xfe\xff" + GREEK.encode("utf-16-be"), features=NAMES, rows=4),
    Case("UTF-32", GREEK.encode("utf-32"), features=NAMES, rows=4, told=("UTF-32",)),
    Case("UTF-16 without a mark", GREEK.encode("utf-16-le"), refused="choose the encoding utf-16-le"),
    Case("UTF-16 without a mark, said", GREEK.encode("utf-16-le"), {"encoding": "utf-16-le"}, features=NAMES),
    Case(
        "Windows-1252",
        GREEK.encode("cp1252"),
        features=NAMES,
        rows=4,
        told=("Windows-1252 (guessed: it is not UTF-8)",),
    ),
    Case("Windows-1252 with a euro", "a,b€\n1,2\n3,5.5\n".encode("cp1252"), features=("a",), told=("Windows-1252",)),
    Case("Latin-1", "a,b\x81ü\n1,2\n3,5.5\n".encode("latin-1"), features=("a",), told=("Latin-1",)),
    Case("Latin-1 asked for", GREEK.encode("latin-1"), {"encoding": "latin-1"}, features=NAMES),
    Case("UTF-8 asked for, in vain", GREEK.encode("latin-1"), {"encoding": "utf-8"}, refused="in line 1"),
    Case("no encoding", text(*TABLE), {"encoding": "nosuch"}, refused="expected the name of an encoding"),
    Case("an encoding of no text", text(*TABLE), {"encoding": "rot13"}, refused="expected the name of an encoding"),
    Case(
        "a damaged UTF-8",
        GREEK.encode() + b"7,8.5,gr\xfcn\n",
        refused="is UTF-8, but has a byte that is not a character, in line 6",
    ),
    Case(
        "a damaged UTF-16",
        GREEK.encode("utf-16") + b"\x00",
        refused="is UTF-16, but has a byte that is not a character",
    ),
    Case("a NUL byte", text(*TABLE) + b"1,\0,x\n", refused="has a NUL byte in line 6"),
    Case("NUL bytes alone", bytes(1000), refused="NUL byte in line 1"),
    Case("a NUL in UTF-16", "a,b\n1,\0\n".encode("utf-16"), refused="NUL byte in line 2"),
    Case("empty", b"", refused="is empty"),
    Case("only blank", b" \n\n\t\n", refused="no cell with a value"),
    Case("only a mark", b"\xef\xbb\xbf", refused="no cell with a value"),
    Case("only delimiters", b",,,\n,,,\n", refused="no cell with a value"),
    Case("a spreadsheet", b"PK\x03\x04" + bytes(range(256)), refused="can't be unpacked"),
    Case("packed", PACKED, refused="can't be unpacked"),
    Case("a program", b"\x7fELF" + bytes(range(1, 200)), refused="not text but binary data"),
)
