"""Rows of another width, quotes, and tables that are none or far too wide."""

from __future__ import annotations

from .case import TABLE, Case, text

WIDEST = "10,000 columns"


def _wide(columns: int) -> bytes:
    names = ",".join(f"x{place}" for place in range(columns))
    rows = [",".join(str((row * place) % 7 + 0.5) for place in range(columns)) for row in range(1, 6)]
    return text(names, *rows)


def _prose() -> bytes:
    return text(*("It was a dark, stormy night; the rain fell, but not on us.\nAll slept." for _ in range(30)))


LOGGER = (
    '"TOA5","CR1000","CR1000","1234","Std.32","Table1"',
    '"TIMESTAMP","RECORD","Temp_Avg","Wind"',
    '"TS","RN","Deg C","m/s"',
    '"","","Avg","Smp"',
    *(f'"2024-01-01 {hour:02d}:00:00",{hour},{hour * hour % 7 + 0.5},{hour % 5 + 0.25}' for hour in range(12)),
)
SURVEY = (
    "Start,Q1,Q2,Score",
    '"Start date","How satisfied are you\nwith our product?","Would you recommend us?","Score"',
    '"{""ImportId"":""start""}","{""ImportId"":""QID1""}","{""ImportId"":""QID2""}","{""ImportId"":""Score""}"',
    *(
        f"2024-02-{day:02d},{('good', 'fair')[day % 2]},{('Yes', 'No')[day % 3 == 0]},{day * 7 % 11}.5"
        for day in range(1, 13)
    ),
)
LOG = tuple(f'level={("info", "warn")[n % 2]} latency={n * 7 % 50}ms path="/a b" status=200' for n in range(9))

SHAPES = (
    Case(
        "a logger's four lines",
        text(*LOGGER),
        rows=12,
        features=("TIMESTAMP (TS)", "Temp_Avg (Deg C)"),
        values=(19723, 0.5),
        told=("1 row above the table left out: 'TOA5",),
    ),
    Case(
        "questions below the names",
        text(*SURVEY),
        rows=12,
        task="regression",
        values=(19754,),
        features=("Start", "Q1=fair", "Q1=good", "Q2=No", "Q2=Yes"),
        told=("2 rows below the names left out",),
    ),
    Case(
        "what an oscilloscope was set to",
        text(
            "Model,DS1104Z",
            "Record Length,1.2E+03",
            "Units,V",
            ",",
            "X,CH1,CH2,",
            "Second,Volt,Volt,",
            *(f"{n}E-06,{n * n % 7}.5,{n % 5}.25," for n in range(12)),
        ),
        rows=12,
        features=("X (Second)", "CH1 (Volt)"),
        told=("3 rows above the table left out",),
    ),
    Case("lines of name=value", text(*LOG), refused="is in lines of name=value, which is not read"),
    Case(
        "files put together",
        text(*TABLE, *TABLE, *TABLE),
        rows=12,
        task="binary",
        values=(1, 2.5),
        told=("The names stand in 2 more rows, left out.",),
    ),
    Case("words that recur are no names", text("p,x,s", "e,x,y", "p,x,s", "e,b,y", "p,x,s"), rows=5),
    Case(
        "a database's table",
        text(
            " id |  v  | ok ", "----+-----+----", *(f" {n:2} | {n * n % 7}.5 | {n % 2}" for n in range(11)), "(11 rows)"
        ),
        rows=11,
        features=("v",),
        task="binary",
    ),
    Case(
        "a rule below names of two words",
        text(
            "CITY   TMAX  WIND DIR",
            "------ ----- --------",
            *(f"{('OSLO', 'BERN')[n % 2]:<6} {n * n % 9 - 3:5.1f} {'NSW'[n % 3]:<8}" for n in range(30)),
        ),
        rows=30,
        features=("CITY=BERN", "CITY=OSLO", "TMAX"),
        task="multiclass",
    ),
    Case(
        "dashes for no value in the first column",
        text("a,b,y", "--,1.5,1", "2,2.5,0", "3,4.5,1", "--,3.5,0", "5,1,1"),
        {"missing": "fill"},
        rows=5,
    ),
    Case("a long row", text(*TABLE, "1,2,x,4"), refused="line 6 has 4 cells, but there are 3 columns"),
    Case("a short row", text(*TABLE, "1,2"), refused="line 6 has 2 cells, but there are 3 columns"),
    Case("a short row before blank ones", text(*TABLE, "", "", "1"), refused="line 8 has 1 cell, but"),
    Case("the names are one fewer", text("a,b", "1,2,3", "4,5,6"), features=("a",), rows=2),
    Case("the names are two fewer", text("a,b", "1,2,3,4", "4,5,6,7"), refused="line 2 has 4 cells, but there are 2"),
    Case("a title above", text("My table", *TABLE), rows=4, told=("1 row above the table left out: 'My table'",)),
    Case("a long row far down", text("a,b", *["1,2", "2,3.5"] * 3000, "1,2,3"), refused="line 6002 has 3 cells"),
    Case("gaps in the last column", text("a,b,c", "1,2.5,", "2.5,1,1.5", "3,,2.5", "4.5,2,3.5"), rows=2),
    Case("a quote never closed", text(*TABLE, '"1,2,x', "3,4,y"), refused="a quote is opened in line 6 and never"),
    Case("a quote in the header never closed", text('a,"b,c', *TABLE[1:]), refused="never closed"),
    Case("a line end in a cell", text("a,b,c", '1,2.5,"x\ny"', "3,4.5,z", '5,1,"x\ny"', "6,2,z"), rows=4),
    Case("a line end in a name", text('"a\nb",c', "1,2.5", "3,4.5"), features=("a b",), rows=2),
    Case("quotes in a cell", text("a,b,c", '1,2.5,"x ""y"""', "3,4.5,z", '5,1,"x ""y"""', "6,2,z"), rows=4),
    Case("delimiters in cells", text("a,b,c", '1,2.5,"x,y"', "3,4.5,z", '5,1,"x,y"', "6,2,z"), task="binary", rows=4),
    Case(
        "ends of lines among cells",
        text(
            "id,note,b,y",
            *(
                f"{n},{'fine' if n % 4 else 'not' + chr(13) + 'so'},{n}.5,{n % 2}"
                if n % 4 < 2
                else f"{n}{chr(13)}x,{n}.5,{n % 2}"
                for n in range(20)
            ),
            end="\r\n",
        ),
        refused="if commas separate its cells, give each row 4 cells, as the first one has",
    ),
    Case("one column", text("a", "1", "2", "3"), refused="no other column"),
    Case("one cell", b"a", refused="a header but no rows"),
    Case("a header alone", text("a,b,c"), refused="a header but no rows"),
    Case("one row", text(*TABLE[:2]), refused="has only one row"),
    Case("two rows", text("a,b", "1,2.5", "3,4.5"), features=("a",), rows=2),
    Case("cells set apart by spaces", text("a b c", "1 2 x", "3 4 y", "5  6 x", "7 8 y"), rows=4),
    Case("prose", _prose(), refused="column"),
    Case(
        "a web page",
        text("<!DOCTYPE html>", "<html><body>", "<p>a, b; c</p>", "</body></html>"),
        refused="is a web page",
    ),
    Case("JSON", text('[{"a": 1, "b": 2},', ' {"a": 3, "b": 4}]'), refused="is in JSON"),
    Case("1,000 columns", _wide(1_000), rows=5),
    Case(WIDEST, _wide(10_000), rows=5),
    Case("30,000 columns", text(",".join(["1.5"] * 30_000), ",".join(["2"] * 30_000)), refused="the limit is 20,000"),
    Case("one very long cell", text("a,b,c", f"1,2.5,{'x' * 300_000}", "2,3,y"), refused="line 2 of"),
    Case("a very long line", text("a,b", "1," + "2" * 2_000_000, "3,4.5"), refused="line 2 of"),
)
