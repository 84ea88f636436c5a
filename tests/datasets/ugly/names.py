"""Headers: names that come twice, none at all, markup, and what terminals obey."""

from __future__ import annotations

from .case import Case, text

ROWS = ("1,2.5,0.5", "3,4.5,1.5", "5,1.5,4.5", "7,0.5,2.5")
LONG = "x" * 5000

NAMES = (
    Case("a name twice", text("x,x,y", *ROWS), features=("x", "x.2"), told=("The name 'x' occurs twice",)),
    Case("a name three times", text("x,x,x", *ROWS), features=("x", "x.2"), rows=4),
    Case("a name twice, and the next", text("x,x,x.2", *ROWS), {"target": "x.2"}, features=("x", "x.3")),
    Case("names alike but for case", text("x,X,y", *ROWS), features=("x", "X")),
    Case("names alike but for space", text("x, x ,y", *ROWS), features=("x", "x.2")),
    Case("an empty name", text("x,,y", *ROWS), features=("x", "column_2"), told=("1 column has no name",)),
    Case("an empty name and its like", text("column_2,,y", *ROWS), features=("column_2", "column_2.2")),
    Case("markup", text("[red]a[/red],[b],[/]", *ROWS), features=("[red]a[/red]", "[b]")),
    Case("escape sequences", text("\x1b[31ma,\x1b]0;b\x07,y", *ROWS), features=("�[31ma", "�]0;b�")),
    Case("other control characters", text("a\x08\x7f,\x9bb,y\x0b", *ROWS), features=("a��", "�b")),
    Case("writing from right to left", text("a\u202eb,\u2066c,y", *ROWS), features=("a�b", "�c")),
    Case("a very long name", text(f"{LONG},b,c", *ROWS), features=(LONG, "b")),
    Case("wide characters", text("価格,🎈,y", *ROWS), features=("価格", "🎈")),
    Case("joined emoji", text("👩\u200d🔬,❤\ufe0f,y", *ROWS), features=("👩🔬", "❤")),
    Case("names like formulas", text("=1+1,@a,-b", *ROWS), features=("=1+1", "@a")),
    Case("an equals sign", text("a=b,c,y", *ROWS), features=("a=b", "c")),
    Case("row numbers of pandas", text(",a,b", "0,1,2.5", "1,3,4.5", "2,8,1.5"), features=("a",), rows=3),
    Case("a target that is not there", text("a,b,c", *ROWS), {"target": "d"}, refused="there is no column 'd'"),
    Case("a kind of none", text("a,b,c", *ROWS), {"kinds": {"d": "ignore"}}, refused="dataset.kinds: there is no"),
    Case("all ignored", text("a,b", "1,2", "3,4"), {"kinds": {"a": "ignore", "b": "ignore"}}, refused="every column"),
)
