"""Small files of our own, each in a format known in the wild, and how it is to be read."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Wild:
    """``content`` is a file called ``name``; ``config`` are fields of the dataset's configuration beside its path.

    It is read with these ``columns``, each with its form (``form``), ``texts`` or ``texts N`` for N different ones, as
    many ``rows``, and the ``first`` row with None for gaps; the ``target`` is the one that is guessed. Or else it is
    ``refused`` with a sentence that holds this part. ``told`` are parts of what is said on it.
    """

    name: str
    content: bytes
    columns: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    first: tuple[object, ...] = ()
    target: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    told: tuple[str, ...] = ()
    refused: str = ""


def lines(*rows: str, end: str = "\n") -> bytes:
    return "".join(row + end for row in rows).encode()


def zipped(**files: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


A = ("1.5", "2.25", "3.75", "0.5", "4.125", "2.5", "1.25", "3.5", "0.75", "4.5")
B = ("10", "12", "15", "9", "17", "13", "11", "14", "8", "18")
C = ("red", "blue", "red", "blue", "red", "red", "blue", "blue", "red", "blue")
PLAIN = ("a,b,c", *map(",".join, zip(A, B, C, strict=True)))
ABC = {"a": "number", "b": "number", "c": "texts 2"}
READ: dict[str, Any] = {"columns": ABC, "rows": 10, "first": (1.5, 10.0, "red"), "target": "c"}


def typed(*cells: str, name: str = "x", delimiter: str = ";") -> bytes:
    """A column of the cells, and a whole number to predict."""
    return lines(f"{name}{delimiter}y", *(f"{cell}{delimiter}{7 * place}" for place, cell in enumerate(cells)))


def column(name: str, form: str, first: object, *cells: str, told: tuple[str, ...] = ()) -> Wild:
    """A file with one column of the cells that is read in this form."""
    return Wild(name, typed(*cells), {"x": form, "y": "number"}, len(cells), (first, 0.0), "y", told=told)


WILD = (
    # What stands between cells
    Wild("housing.data", lines(*(f" {a}  {b}\t{c}" for a, b, c in zip(A, B, C, strict=True))),
         {"column_1": "number", "column_2": "number", "column_3": "texts 2"}, 10, (1.5, 10.0, "red"), "column_3"),
    Wild("seeds.tsv", lines(*(f"{a}\t\t{b}\t{c}" for a, b, c in zip(A, B, C, strict=True))),
         {"column_1": "number", "column_2": "number", "column_3": "texts 2"}, 10, (1.5, 10.0, "red"), "column_3"),
    Wild("fixed.txt", lines("a      b      c", *(f"{a:<7}{b:<7}{c}" for a, b, c in zip(A, B, C, strict=True))), **READ),
    Wild("blanks and decimal commas.txt", lines("a b c", *(f"{a.replace('.', ',')} {b} {c}" for a, b, c in
         zip(A, B, C, strict=True))), **READ),
    # What stands above and below
    Wild("numpy savetxt.txt", lines("# a b", *(f"{a} {b}" for a, b in zip(A, B, strict=True))),
         {"a": "number", "b": "number"}, 10, (1.5, 10.0), "b", told=("comments after #",)),
    Wild("percent comments.txt", lines("% measured", "% by hand", *PLAIN), **READ),
    Wild("slashes.csv", lines("// exported", *PLAIN), **READ),
    Wild("adult.test", lines("|1x3 Cross validator", *(f"{a}, {b}, {c}" for a, b, c in zip(A, B, C, strict=True))),
         {"column_1": "number", "column_2": "number", "column_3": "texts 2"}, 10, (1.5, 10.0, "red"), "column_3"),
    Wild("comments between.csv", lines(*PLAIN[:5], "# sensor changed", *PLAIN[5:]), **READ),
    Wild("excel title.csv", lines("Quarterly report,,", "Created:,2024-01-05,", ",,", *PLAIN), **READ,
         told=("above the table",)),
    Wild("total.csv", lines(*PLAIN, "Total,123,"), **READ, told=("1 row below the table",)),
    Wild("source.csv", lines(*PLAIN, "", "Source: Statistical Office"), **READ, told=("below the table",)),
    Wild("psql.csv", lines(*PLAIN, "(10 rows)"), **READ, told=("below the table",)),
    Wild("skip.csv", lines("x,y,z", "p,q,r", *PLAIN), **READ, config={"skip_rows": 2}),
    Wild("mark.csv", lines("! one", *PLAIN), **READ, config={"comment": "!"}),
    # Rows of names
    Wild("units.csv", lines("time,force,state", "[s],[N],[-]", *PLAIN[1:]),
         {"time (s)": "number", "force (N)": "number", "state (-)": "texts 2"}, 10, (1.5, 10.0, "red"), "state (-)"),
    Wild("two levels.csv", lines("size,,kind", "mean,max,", *PLAIN[1:]),
         {"size mean": "number", "size max": "number", "kind": "texts 2"}, 10, (1.5, 10.0, "red"), "kind"),
    Wild("yfinance.csv", lines("Price,Close,Volume", "Ticker,AAPL,AAPL", "Date,,",
         *(f"2024-01-{n + 1:02d},{a},{b}" for n, (a, b) in enumerate(zip(A, B, strict=True)))),
         {"Date": "date", "Close": "number", "Volume": "number"}, 10, (19723.0, 1.5, 10.0), "Volume"),
    Wild("mtcars.csv", lines('"","a","b","c"', *(f'"Car {n}",{a},{b},{c}' for n, (a, b, c) in
         enumerate(zip(A, B, C, strict=True)))), {"column_1": "texts 10", **ABC}, 10, ("Car 0", 1.5, 10.0, "red"), "c"),
    Wild("write.table", lines('"a" "b" "c"', *(f'"{n}" {a} {b} "{c}"' for n, (a, b, c) in
         enumerate(zip(A, B, C, strict=True), 1))), {"column_1": "index", **ABC}, 10, (1.0, 1.5, 10.0, "red"), "c"),
    Wild("shuffled index.csv", lines(",a,b,c", *(f"{n * 7 % 11},{line}" for n, line in enumerate(PLAIN[1:], 1))),
         {"column_1": "index", **ABC}, 10, (7.0, 1.5, 10.0, "red"), "c", told=("Left out: column_1",)),
    Wild("kaggle.csv", lines("a,b,c,", *PLAIN[1:]), **READ),
    # Quotes
    Wild("single.csv", lines(*("'" + line.replace(",", "','") + "'" for line in PLAIN)), **READ),
    Wild("both.csv", lines('"a","b","c"', *(f"'{a}',\"{b}\",'{c}'" for a, b, c in zip(A, B, C, strict=True))), **READ),
    Wild("backslash.csv", lines("a,b,c", *(rf'{a},{b},"say \"{c}\", please"' for a, b, c in zip(A, B, C, strict=True))),
         ABC, 10, (1.5, 10.0, 'say "red", please'), "c"),
    Wild("rows in quotes.csv", lines(*(f'"{line}"' for line in PLAIN)), **READ, told=("quotes around rows",)),
    Wild("excel text in one column.csv", lines("a,b,c", *(f'"{a},{b},""{c}, sir"""' + ";;" * (n % 2)
         for n, (a, b, c) in enumerate(zip(A, B, C, strict=True)))), ABC, 10, (1.5, 10.0, "red, sir"), "c"),
    Wild("prose in quotes.csv", lines("remark", *(f'"{c}, {"very, " * (n % 3)}said {n}"' for n, c in enumerate(C))),
         {"remark": "texts 10"}, 10, ("red, said 0",), "remark",
         refused="nothing to learn from"),
    Wild("mysql.tsv", lines("a\tb\tc", *(f"{a}\t{b if n else chr(92) + 'N'}\t{c}" for n, (a, b, c) in
         enumerate(zip(A, B, C, strict=True)))), ABC, 10, (1.5, None, "red"), "c"),
    # Numbers
    column("minus behind", "number", -1234.56, "1.234,56-", "2.000,00", "17,50-", "3.100,25", "0,75"),
    column("brackets behind", "number $", -1234.5, "$ (1,234.50)", "$ 2.25", "$(17.00)", "$3.50", "$4"),
    column("dollars", "number $", 1234.5, "$1,234.50", "$20.00", "$3,000.00", "-$4.25"),
    column("euros after", "number EUR", 1200.5, "1.200,50 EUR", "3,20 EUR", "-14,00 EUR", "2.000.000,75 EUR"),
    column("euros", "number €", 1200.5, "€ 1.200,50", "€ 3,20", "€ 14,00", "€ 7,75"),
    column("pounds", "number £", 250.0, "£250", "£1,300", "£2,125", "£90"),
    column("percent", "number %", 12.0, "12 %", "7.5 %", "0 %", "100 %"),
    column("kilograms", "number kg", 12.5, "12.5kg", "7 kg", "", "100 kg", told=("kg in x",)),
    column("brackets", "number", -1.2, "(1.20)", "3.40", "(12.00)", "5.25"),
    column("minus", "number", -1.5, "−1.5", "2.5", "−3.25", "4"),
    column("limits", "number", 0.01, "<0.01", "0.25", "0.5", "<0.01", "1.5"),
    column("apostrophes", "number", 1234.5, "1'234.50", "22'000.25", "1'000'000.00", "12.5"),
    column("narrow blanks", "number", 1234.5, "1\u202f234,50", "22\u202f000,25", "1\u00a0000,00", "12,5"),
    column("multiples", "number K", 1200.0, "1.2K", "3M", "950K", "12M"),
    column("India", "number", 1234567.0, "12,34,567", "1,00,000", "5,000", "99,99,999"),
    column("square metres", "number m²", 85.0, "85 m²", "120 m²", "64.5 m²", "40 m²"),
    column("two units", "number km", 0.5, "500 m", "1 km", "2 km", "700 m", "3 km", told=("x to km",)),
    Wild("stand-ins", typed("-999", "8.25", "9.5", "-999", "8.75", "9.25"), {"x": "number", "y": "number"}, 6,
         (-999.0, 0.0), "y", told=('missing_marks = ["-999"]',)),
    Wild("marks", typed("-999", "8.25", "9.5", "-999", "8.75", "9.25"), {"x": "number", "y": "number"}, 6,
         (None, 0.0), "y", config={"missing_marks": ("-999",)}),
    # Dates and times
    column("ISO", "date", 19723.5, "2024-01-01 12:00", "2024-01-02 00:00", "2024-02-29 18:30"),
    column("American", "date", 19723.0, "1/1/2024", "2/15/2024", "12/31/2024"),
    column("British", "date", 19723.0, "01/01/2024", "15/02/2024", "31/12/2024"),
    column("German", "date", 19723.25, "1.1.2024 06:00", "15.2.2024 00:00", "31.12.2024 23:00"),
    column("in order", "date", 19723.0, "1/1/24", "1/2/24", "1/3/24", "1/4/24"),
    column("two digits", "date", 19723.0, "01-Jan-24", "15-Feb-24", "31-Dec-24"),
    column("in words", "date", 19723.0, "January 1, 2024", "February 15, 2024", "May 31, 2024"),
    column("May first", "date", 19844.0, "May 1, 2024", "June 15, 2024", "July 31, 2024"),
    column("ordinals", "date", 19723.0, "1st January 2024", "2nd March 2024", "31st May 2024"),
    column("weekday", "date", 19723.0, "Mon, 01 Jan 2024", "Thu, 15 Feb 2024", "Fri, 31 May 2024"),
    column("French", "date", 19723.0, "1 janvier 2024", "15 février 2024", "31 août 2024"),
    column("Japanese", "date", 19723.0, "2024年1月1日", "2024年2月15日", "2024年12月31日"),
    column("AM", "date", 19723.5, "1/1/2024 12:00:00 PM", "1/1/2024 1:00:00 PM", "1/2/2024 12:00:00 AM"),
    column("zone", "date", 19723.0, "2024-01-01T00:00:00Z", "2024-01-01T03:00:00+02:00"),
    column("Apache", "date", 19723.0, "01/Jan/2024:00:00:00 +0000", "02/Jan/2024:12:00:00 +0000"),
    column("months", "date", 19723.0, "Jan 2024", "Feb 2024", "Dec 2024"),
    column("year and month", "date", 19723.0, "2024-01", "2024-02", "2024-12"),
    column("weeks", "date", 19751.0, "2024-W05", "2024-W06", "2024-W30"),
    column("quarters", "date", 19723.0, "2024Q1", "2024Q2", "2024Q4"),
    column("clock", "time", 9.5, "09:30", "14:00", "23:45"),
    column("clock with half days", "time", 21.5, "9:30 PM", "12:15 AM", "11:00 am"),
    Wild("compact", typed("20240101", "20240215", "20241231", name="date"), {"date": "date", "y": "number"}, 3,
         (19723.0, 0.0), "y"),
    # Words
    Wild("spellings.csv", lines("a,answer", *(f"{a},{w}" for a, w in zip(A, ("Yes", "no", "YES", "No ", "Yes") * 2,
         strict=True))), {"a": "number", "answer": "texts 2"}, 10, (1.5, "Yes"), "answer", told=("'YES'",)),
    Wild("none.csv", lines("a,garage,price", *(f"{a},{g},{b}" for a, b, g in zip(A, B, ("None", "Attached",
         "Detached", "None", "Attached") * 2, strict=True))), {"a": "number", "garage": "texts 3", "price": "number"},
         10, (1.5, "None", 10.0), "price"),
    Wild("gaps.csv", lines(*PLAIN[:6], "1.5,,red", ",2,blue", "2.5,,red", *PLAIN[6:]), ABC, 13, (1.5, 10.0, "red"), "c",
         told=('missing = "fill" keeps them',)),
    Wild("leak.csv", lines("a,code,label", *(f"{n * 7 % 10},{n // 15},{'no' if n < 15 else 'yes'}" for n in range(30))),
         {"a": "number", "code": "number", "label": "texts 2"}, 30, (0.0, 0.0, "no"), "label",
         told=("'code' alone predicts label in every row",)),
    # Encodings
    Wild("cp932.csv", "身長,体重,性別\n".encode("cp932") + "165.5,52,女\n170,60,男\n".encode("cp932") * 5,
         {"身長": "number", "体重": "number", "性別": "texts 2"}, 10, (165.5, 52.0, "女"), "性別", told=("guessed",)),
    Wild("gb18030.csv", "身高,体重,性别\n".encode("gb18030") + "165.5,52,女\n170,60,男\n".encode("gb18030") * 5,
         {"身高": "number", "体重": "number", "性别": "texts 2"}, 10, (165.5, 52.0, "女"), "性别", told=("guessed",)),
    Wild("big5.csv", "身高,體重,性別\n".encode("big5") + "165.5,52,女\n170,60,男\n".encode("big5") * 5,
         {"身高": "number", "體重": "number", "性別": "texts 2"}, 10, (165.5, 52.0, "女"), "性別", told=("guessed",)),
    Wild("euc-kr.csv", "키,몸무게,성별\n".encode("euc-kr") + "165.5,52,여자\n170,60,남자\n".encode("euc-kr") * 5,
         {"키": "number", "몸무게": "number", "성별": "texts 2"}, 10, (165.5, 52.0, "여자"), "성별", told=("guessed",)),
    Wild("cp1251.csv", "Рост;Вес;Пол\n".encode("cp1251") + "165,5;52;жен\n170,0;60;муж\n".encode("cp1251") * 5,
         {"Рост": "number", "Вес": "number", "Пол": "texts 2"}, 10, (165.5, 52.0, "жен"), "Пол", told=("guessed",)),
    Wild("cp1252.csv", "Größe,Fläche,Farbe\n".encode("cp1252") + "1.5,52,grün\n170,60,weiß\n".encode("cp1252") * 5,
         {"Größe": "number", "Fläche": "number", "Farbe": "texts 2"}, 10, (1.5, 52.0, "grün"), "Farbe",
         told=("guessed",)),
    # Packed files
    Wild("a.csv.gz", gzip.compress(lines(*PLAIN)), **READ),
    Wild("a.csv.bz2", bz2.compress(lines(*PLAIN)), **READ),
    Wild("a.csv.xz", lzma.compress(lines(*PLAIN)), **READ),
    Wild("a.zip", zipped(**{"a.csv": lines(*PLAIN), "__MACOSX/._a.csv": b"x"}), **READ),
    Wild("two.zip", zipped(**{"a.csv": b"x", "b.csv": b"y"}), refused="a ZIP archive with 2 files: 'a.csv', 'b.csv'"),
    Wild("broken.gz", gzip.compress(lines(*PLAIN))[:40], refused="can't be unpacked"),
    # No tables of cells
    Wild("weather.arff", lines("@relation weather", "@attribute a numeric", "@data", "1", "2"), refused="ARFF"),
    Wild("a.libsvm", lines("+1 1:0.5 3:1.5", "-1 2:0.25 3:1", "+1 1:2"), refused="libsvm"),
    Wild("a.jsonl", lines('{"a": 1, "b": 2}', '{"a": 3, "b": 4}'), refused="JSON lines"),
    Wild("a.json", b'[{"a": 1}, {"a": 2}]', refused="is in JSON"),
    Wild("a.html", b"<!DOCTYPE html>\n<table><tr><td>1</td></tr></table>", refused="web page"),
    Wild("a.xml", b"<?xml version='1.0'?>\n<rows><row a='1'/></rows>", refused="XML"),
    Wild("a.md", lines("| a | b |", "|---|---|", "| 1 | 2 |", "| 3 | 4 |"), refused="Markdown"),
)  # fmt: skip
