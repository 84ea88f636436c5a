"""Delimiters, decimal marks, headers and ends of lines."""

from __future__ import annotations

from .case import SEMICOLONS, TABLE, USUAL, Case, text

NUMBERS = ("5.1,3.5,0.2,rose", "4.9,3.0,0.4,rose", "6.2,2.9,1.3,iris", "5.9,3.2,1.8,iris")
MADE_UP = ("column_1", "column_2", "column_3")

DIALECTS = (
    Case("commas", text(*TABLE), **USUAL, told=("Commas between cells", "decimal point", "UTF-8", "first row")),
    Case("semicolons", text(*SEMICOLONS), **USUAL, told=("Semicolons", "decimal comma")),
    Case("semicolons, points", text(*(line.replace(",", ";") for line in TABLE)), **USUAL, told=("Semicolons",)),
    Case("tabs", text(*(line.replace(",", "\t") for line in TABLE)), **USUAL, told=("Tabs",)),
    Case("tabs, decimal commas", text(*(line.replace(";", "\t") for line in SEMICOLONS)), **USUAL),
    Case(
        "tabs, two words in a cell",
        text("a\tb\ty|z", *(f"{v}.5\t{v * v}\t{('very', 'not')[v % 2]} good" for v in range(1, 21))),
        features=("a", "b"),
        values=(1.5, 1),
        told=("Tabs",),
    ),
    Case("bars", text(*(line.replace(",", "|") for line in TABLE)), **USUAL, told=("Vertical bars",)),
    Case("Windows lines", text(*TABLE, end="\r\n"), **USUAL),
    Case(
        "Windows lines, a cell of each in single quotes",
        text("size;name;y", *(f"{n},5;'a; {n}';{n % 2}" for n in range(30)), end="\r\n"),
        features=("size",),
        rows=30,
        values=(0.5,),
    ),
    Case("old Mac lines", text(*TABLE, end="\r"), **USUAL),
    Case("mixed lines", b"a,b,c\r\n1,2.5,x\n3,4.5,y\r\n5,0.5,x\r7,1.5,y", **USUAL),
    Case("no last line end", text(*TABLE).rstrip(b"\n"), **USUAL),
    Case("spaces around", text(*(line.replace(",", " , ") for line in TABLE)), **USUAL),
    Case("blank lines", b"\n\n" + text(*TABLE, end="\n\n") + b"\n  \n", **USUAL),
    Case("excel names its delimiter", b"sep=;\r\n" + text(*SEMICOLONS, end="\r\n"), **USUAL),
    Case("delimiter after each row", text(*(line + "," for line in TABLE)), **USUAL),
    Case("delimiter after each row of values", text(TABLE[0], *(line + "," for line in TABLE[1:])), **USUAL),
    Case("all quoted", text(*('"' + line.replace(",", '","') + '"' for line in TABLE)), **USUAL),
    Case(
        "quoted decimal commas",
        text("a,b,c", *(f'"{a}","{a},5",{c}' for a, c in zip((10, 20, 30, 40), "xyxy", strict=True))),
        features=("a", "b"),
        values=(10, 10.5),
        told=("decimal comma",),
    ),
    Case(
        "text with commas in a semicolon file",
        text("name;v;y", *(f"Doe, {n};{v},5;{v % 2}" for n, v in zip("abcd", range(4), strict=True))),
        features=("v",),
        values=(0.5,),
        told=("Semicolons", "Left out: name"),
    ),
    Case(
        "thousands with points",
        text("a;b;c", "1.234,5;7;x", "2.000.000,25;8;y", "12,75;9;x", "1;6;y"),
        features=("a", "b"),
        values=(1234.5, 7),
        told=("decimal comma", "points between thousands"),
    ),
    Case(
        "thousands with commas",
        text("a\tb\tc", "1,234.5\t7\tx", "2,000,000.25\t8\ty", "12.75\t9\tx", "1\t6\ty"),
        features=("a", "b"),
        values=(1234.5, 7),
        told=("commas between thousands",),
    ),
    Case(
        "thousands with spaces",
        text("a;b;c", "1 234,5;7;x", "2 000 000,25;8;y", "12,75;9;x", "1;6;y"),
        features=("a", "b"),
        values=(1234.5, 7),
        told=("spaces between thousands",),
    ),
    Case("a comma like a thousands mark", text("a;b;c", "1,250;7;x", "2,500;9;y", "3,125;8;x"), values=(1.25, 7)),
    Case("no header", text(*NUMBERS), features=MADE_UP, rows=4, values=(5.1, 3.5), told=("no header",)),
    Case("no header, only numbers", text("1,2", "3,4", "5,6.5"), features=("column_1",), rows=3, task="regression"),
    Case("no header, said to be one", text(*NUMBERS), {"header": True}, features=("5.1", "3.5", "0.2"), rows=3),
    Case(
        "a header said to be none",
        text("1,2", "3,4", "5,6.5"),
        {"header": True},
        features=("1",),
        rows=2,
    ),
    Case(
        "no header, only letters",
        text(*(f"{a},{b},{c}" for a, b, c in zip("xxyyxx", "pqpqpq", "ababab", strict=True))),
        rows=6,
        told=("no header",),
    ),
    Case(
        "years in the header",
        text("country,2019,2020,2021", "aa,1.5,2.5,3.5", "bb,2.5,1.5,0.5", "cc,4.5,5,6"),
        features=("2019", "2020"),
        rows=3,
    ),
    Case("another delimiter than it has", text(*TABLE), {"delimiter": "semicolon"}, refused="no other column"),
    Case("a decimal mark it does not have", text(*TABLE), {"decimal": "comma"}, features=("a",), told=("Left out: b",)),
    Case(
        "a decimal mark that must be said",
        text("a;b;c", "1,250;7;x", "2,500;9;y", "3,125;8;x"),
        {"decimal": "point"},
        values=(1250, 7),
    ),
)
