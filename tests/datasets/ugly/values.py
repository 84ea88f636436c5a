"""What columns hold: kinds, missing values, numbers beyond all measure, and targets."""

from __future__ import annotations

from .case import Case, text

COLORS = ("colour,v,y", "red,1.5,0.5", "blue,2.5,1.5", "red,4,2.5", "green,1,3.5", "blue,2,4.5")
GAPS = ("colour,v,y", "red,1.5,0.5", ",2.5,1.5", "red,NA,2.5", "blue,1,3.5", "blue,2,4.5", "red,3,?")
DATES = ("2024-01-31", "2024-02-29", "1969-12-31", "2000-01-01")
LEVELS = tuple(f"{place % 60:02d}z,{place}.5,{place * 3.5}" for place in range(240))


def _typed(*cells: str) -> bytes:
    """A column ``x`` of the cells, and a target."""
    return text("x;y", *(f"{cell};{place}.5" for place, cell in enumerate(cells)))


VALUES = (
    Case(
        "units of weight",
        _typed("1 kg", "500 g", "2 kg", "2 lb"),
        values=(1,),
        told=("Converted to one unit: x to kg",),
    ),
    Case("micrograms", _typed("0.001 mg", "500 µg", "250 μg", "2 mg", "3 µg"), values=(1,), told=("x to µg",)),
    Case("metres alone among others", _typed("1 m", "50 cm", "2 m", "3 m"), values=(100,), told=("x to cm",)),
    Case(
        "hours, minutes and seconds", _typed("2 h", "30 min", "3 h", "45 min"), rows=4, told=("Converted to one unit",)
    ),
    Case("a unit missing among units", _typed("1 kg", "500 g", "2 kg", "7", *["3 kg"] * 9), refused="'7' in line 5"),
    Case(
        "kilograms and pieces",
        text("w,z,y", *(f"{n} {'kg' if n % 2 else 'pcs'},{n * n}.5,{n}.5" for n in range(9))),
        told=("Left out: w (numbers with different units: pcs, kg; convert them to one)",),
    ),
    Case("at least so many, with commas", _typed("9,491+", "2,172+", "1,001+", "8,475+"), values=(9491,)),
    Case("millions in words", _typed("$1.5 million", "$3 billion", "$900 thousand", "$2 million"), values=(1.5e6,)),
    Case("laps", _typed("1:30.0", "1:29.5", "0:59.75"), values=(0.025,), told=("Read as hours since midnight: x",)),
    Case("at least so many", _typed("0", "1", "3+", "2"), rows=4),
    Case("a Fortran program's", _typed("0.25D+01", "0.5D-01", "0.125D+00"), values=(2.5,)),
    Case(
        "seats are no numbers",
        _typed("1D2", "3D4", "5D1", "1D2"),
        {"kinds": {"x": "number"}},
        refused="'1D2' in line 2",
    ),
    Case("hours in French", _typed("6h00", "7h30", "12h15"), values=(6,), told=("Read as hours since midnight: x",)),
    Case("German dates", _typed("1. Januar 2024", "3. März 2024", "2. September 2024"), values=(19723,)),
    Case(
        "days in French", _typed("lundi 1 janvier 2024", "mardi 2 février 2024", "jeudi 1 août 2024"), values=(19723,)
    ),
    Case("days in German", _typed("Mo, 1. Jan. 2024", "Di, 2. Jan. 2024", "Fr, 3. Mai 2024"), values=(19723,)),
    Case(
        "postal codes",
        text("plz;v;y", *(f"{('01067', '80331')[n % 2]};{n * n}.5;{n}.5" for n in range(9))),
        features=("plz=01067", "plz=80331", "v"),
    ),
    Case("days of the year, with zeros", text("doy;y", *(f"{n:03d};{n}.5" for n in range(8, 12))), features=("doy",)),
    Case("a logger's NAN", _typed("1.5", '"NAN"', "2.5", "3.5"), rows=3),
    Case("categories", text(*COLORS), features=("colour=blue", "colour=green", "colour=red", "v"), values=(0, 0, 1)),
    Case("a category ignored", text(*COLORS), {"kinds": {"colour": "ignore"}}, features=("v",)),
    Case("text said to be a number", text(*COLORS), {"kinds": {"colour": "number"}}, refused="'red' in line 2"),
    Case("60 categories", text("c,v,y", *LEVELS), features=("v",), told=("Left out: c (60 different texts)",)),
    Case(
        "60 categories wanted",
        text("c,v,y", *LEVELS),
        {"kinds": {"c": "category"}},
        refused="a category can have at most 50",
    ),
    Case("numbers as categories", text("n,y", "01,1", "1,2", "01,5"), {"kinds": {"n": "category"}}, rows=3),
    Case(
        "text chosen", text(*COLORS), {"features": ("colour",)}, features=("colour=blue", "colour=green", "colour=red")
    ),
    Case("numbers of rows", text("id,v,y", *(f"{n},{n * n}.5,{n}.5" for n in range(9))), features=("v",)),
    Case("rows counted", text("n,v,y", *(f"{n},{n * n}.5,{n}.5" for n in range(12))), told=("n (numbers the rows)",)),
    Case(
        "years in order", text("year,v,y", *(f"{1990 + n},{n * n}.5,{n}.5" for n in range(12))), rows=12, values=(1990,)
    ),
    Case("nothing but a counter", text("n,y", *(f"{n},{n}.5" for n in range(12))), features=("n",)),
    Case("a constant", text("c,v,y", *(f"7,{n}.5,{n * n}.5" for n in range(5))), told=("Left out: c (always 7)",)),
    Case("a constant text", text("c,v,y", *(f"kg,{n}.5,{n * n}.5" for n in range(5))), told=("c (always 'kg')",)),
    Case("an empty column", text("c,v,y", *(f",{n}.5,{n * n}.5" for n in range(5))), told=("Left out: c (empty)",)),
    Case("a mostly empty column", text("c,v,y", "1,1.5,2", ",2.5,3.5", ",3.5,1.5", ",2,4.5"), told=("3 of 4 cells",)),
    Case("rows with gaps", text(*GAPS), rows=3, told=("3 of 6 rows dropped: no value in colour (1), v (1), y (1).",)),
    Case(
        "gaps filled",
        text(*GAPS),
        {"missing": "fill", "validation_split": 0.0},
        rows=5,
        told=("2 gaps filled", "1 of 6"),
    ),
    Case("only gaps", text("a,b,y", "1,,2.5", ",2,3.5", "1.5,,4"), {"features": ("a", "b")}, refused="0 of 3 rows"),
    Case("no target but gaps", text("a,y", "1,", "2,", "3,"), refused="no value in y (3)"),
    Case("spreadsheet errors", _typed("1.5", "#DIV/0!", "2.5", "-", "3.5", "n.a."), rows=3),
    Case("a slip among numbers", _typed("1.5", "2.5", "3,x", "4.5", "2"), refused="such as '3,x' in line 4"),
    Case("a slip far down", _typed(*["1.5", "2.5"] * 1500, "abc"), refused="such as 'abc' in line 3002"),
    Case("text far down", _typed(*["1.5", "2.5"] * 600, *["abc", "def"] * 700), rows=2600),
    Case("dates", _typed(*DATES), rows=4, values=(19753,), told=("Read as days since 1970: x",)),
    Case("dates, the day first", _typed("31.01.2024", "29.02.2024", "01.02.2000"), values=(19753,)),
    Case("dates with slashes", _typed("31/01/2024", "01/02/2024", "03/04/2024"), values=(19753,)),
    Case("dates, the month first", _typed("01/31/2024", "02/28/2024", "03/04/2024"), values=(19753,)),
    Case("dates with times", _typed("2024-01-31 12:00", "2024-02-01 06:00", "2024-02-03 00:00"), values=(19753.5,)),
    Case("dates with zones", _typed("2024-01-31T12:00:00Z", "2024-02-01T01:00:00+01:00"), values=(19753.5,)),
    Case("a date that is none", _typed(*["2024-01-31"] * 1200, "2024-13-45"), refused="'2024-13-45' in line 1202"),
    Case("true and false", _typed("true", "false", "TRUE", "False"), values=(1,)),
    Case("infinity", _typed("1.5", "inf", "2.5"), refused="goes beyond 1e+30 with inf in line 3"),
    Case("numbers too large", _typed("1.5", "1e300", "2.5"), refused="goes beyond 1e+30"),
    Case("numbers beyond doubles", _typed("1.5", "1e999", "2.5"), refused="goes beyond 1e+30"),
    Case("numbers with many digits", _typed("1.5", "1" * 25, "2.5"), rows=3, values=(1.5,)),
    Case("numbers with signs", _typed("+1.5", "-2.5", "1e3", ".5", "5."), rows=5),
    Case("underscores are text", _typed("1_000", "2_000", "3_000"), refused="nothing to learn from"),
    Case("Arabic figures are text", _typed("١", "٢", "٣"), refused="nothing to learn from"),
    Case("hexadecimal is text", _typed("0x10", "0x20", "0x30"), refused="nothing to learn from"),
    Case(
        "markup in cells",
        text("c,v,y", "[red],1.5,2", "[/],2.5,3", "[red],4,1", "[/],1,2.5"),
        features=("c=[/]", "c=[red]", "v"),
    ),
    Case(
        "escapes in cells",
        text("c,v,y", "\x1b[2J,1.5,2", "b,2.5,3", "\x1b[2J,4,1", "b,1,2.5"),
        features=("c=�[2J", "c=b", "v"),
    ),
    Case("escapes among numbers", _typed("1.5", "\x1b[31m2", "2.5"), refused="'\\x1b[31m2' in line 3"),
    Case("one class", text("a,y", "1,same", "2,same"), refused="'same' in every row"),
    Case(
        "a text for each row", text("a,y", *(f"{n}.5,t{n}" for n in range(12))), refused="12 different texts in 12 rows"
    ),
    Case(
        "2,000 texts",
        text("a,y", *(f"{n}.5,t{n % 2000}" for n in range(8000))),
        refused="more than 1,000 different texts",
    ),
    Case("few integers are classes", text("a,y", *(f"{n}.5,{n % 3}" for n in range(9))), task="multiclass"),
    Case(
        "few integers as a number",
        text("a,y", *(f"{n}.5,{n % 3}" for n in range(9))),
        {"task": "regression"},
        task="regression",
    ),
    Case("numbers as classes", text("a,y", "1,0.5", "2,1.5", "3,0.5"), {"task": "classification"}, task="binary"),
    Case(
        "text as a number", text("a,y", "1,x", "2,z", "3,x"), {"task": "regression"}, refused="holds text, such as 'x'"
    ),
    Case("a class with a missing name", text("a,y", "1,x", "2,", "3,z", "4,x"), rows=3, task="binary"),
)
