"""Ways to damage good input: bytes, lines, and single values, all drawn from one generator."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

MAX_BYTES = 300_000  # of a mutated input; a few cases go on to what is refused for its size
DIGITS = "7" * 4400  # more than Python turns into an integer

# What programs that read bytes stumble over.
NASTY_BYTES = (
    *(b"\0", b"\xff", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\xff\xfe\0\0", b"\xed\xa0\x80", b"\xc0\x80"),
    *(b"\x1b[2J", b"\x1b]0;title\x07", b"\x9b2J", b"\x07", b"\x7f", b"\x85", b"\x0b", b"\x0c", b"\x1c", b"\x1f"),
    *("\u202e".encode(), "\u2066".encode(), "\u200b".encode(), "\u2028".encode(), "\ufeff".encode(), "é".encode()),
    *(b"\r", b"\n", b"\r\n", b"\n\n\n", b"\t", b" ", b'"', b"'", b'""', b'"""', b",", b";", b"|", b"=", b"#", b"\\"),
    *(b"[", b"]", b"[[", b"{", b"}", b".", b"-", b"0", b"9" * 400, b"nan", b"inf", b"1e999", b"PK\x03\x04", b"sep=;\n"),
)
# Texts that are trouble as a name, a path, a cell or a label.
NASTY_TEXTS = (
    *("", " ", ".", "..", "/", "~", "~nobody", "-", "--help", "CON", "nul.txt", "__proto__", "None", "null", "NA"),
    *("\x1b[2J", "\x1b]0;title\x07", "\x9b31m", "\x00", "\x07\x08", "\u202eabc", "\u2066x", "\u200b", "\ufeff"),
    *("a\nb", "a\rb", "a\tb", "\u2028", "\x85", "[red]x[/]", "[/]", "[@click=app.quit]x[/]", "%s%n", "{0}", "$HOME"),
    *(
        "ä",
        "日本語",
        "\U0001f984",
        "e\u0301" * 50,
        "ﷺ" * 30,
        "x" * 5000,
        "ſt",
        "İ",
        "tt1-",
        "tt1-AAAA",
        "0x10",
        "1_000",
    ),
    *(
        "nan",
        "inf",
        "-inf",
        "1e400",
        "1e-400",
        "-0",
        "9" * 30,
        "٣",
        "１２",
        "½",
        "1,5",
        "1.234.567",
        "#N/A",
        "2024-02-30",
    ),
)
# Values of a TOML file that some code may not expect, each as it is written there.
NASTY_TOML = (
    *("nan", "inf", "-inf", "+nan", "1e308", "-1e308", "1e400", "1e-400", "5e-324", "0.0", "-0.0", "0", "-1", "1"),
    *("1e5", "3.0", "1_000", "0x10", "0o17", "0b11", "0x" + "f" * 5000, "0o" + "7" * 7000, DIGITS, f"-{DIGITS}"),
    *(f"{DIGITS}.5", f"1e{DIGITS}", "9223372036854775807", "9223372036854775808", "-9223372036854775809"),
    *("18446744073709551616", "1" * 40, "340282350000000000000000000000000000000.0", "true", "false"),
    *("1979-05-27T07:32:00Z", "1979-05-27", "07:32:00", "0000-00-00", "[]", "[[]]", "[[[]]]", "{}", "{a = 1}"),
    *("{a = {a = {a = {}}}}", "[" * 200 + "]" * 200, "[" * 3000, "[1, 'a', true]", "[nan]", "[1e400]", "['', '']"),
    *("{ 'x' = 1, 'x' = 2 }", "{ '\u202e' = 1 }", '{ "\\u001b[2J" = "number" }', "[" + "1," * 5000 + "]"),
    *('""', "''", '""""""', "'''\n'''", '"\\u001b[2J"', '"\\u202eabc"', '"\\ud800"', '"\\U00110000"', '"\\u0000"'),
    *('"\\u009b31m"', '"a\\nb"', '"' + "x" * 5000 + '"', "'[red]x[/]'", "'../../etc/passwd'", "'/dev/zero'", "'~/x'"),
    *('"\\x41"', "'full'", "'nan'", "'none'", "'None'", "'adam'", "'\U0001f984'", "'e\u0301'", "''''''", "x", "", "="),
)
# Lines that turn up where nobody expects them.
NASTY_LINES = (
    *(
        "[",
        "[]",
        "[[]]",
        "[a.b.c]",
        "[model]",
        "[[model]]",
        "[model.layers]",
        "[[model.layers]]",
        "[training.optimizer]",
    ),
    *("[ 'a b' ]", '["\\u001b"]', "[" + ".".join("a" * 60) + "]", ".".join("a" * 60) + " = 1", "= 1", "a = ", "a"),
    *(
        "'' = 1",
        '"" = {}',
        "\u202e = 1",
        '"\\u202e" = 1',
        "__proto__ = {}",
        "#",
        "# \u202e",
        "#\x00",
        "\ufeff",
        "\t",
        "\x0c",
    ),
    *("x" * 5000 + " = 1", "a = 1\na = 2", "a.b = 1\na = 2", "1 = 1", "-- = 1", "true = false", "name = 'a' 'b'"),
)
_TOML_VALUE = re.compile(r"(?<== ).+$", re.MULTILINE)
_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null')
_JSON_NUMBER = re.compile(r"(?<=[:,\[])-?\d+(?=[,\]}])")
NASTY_JSON = (
    *("null", "true", "false", "0", "-1", "1", "1.5", "1e308", "1e400", "-0.0", "5e-324", "NaN", "Infinity", DIGITS),
    *("9223372036854775807", "9223372036854775808", "18446744073709551616", "1" * 400, "[]", "{}", "[[]]", '{"a":1}'),
    *('""', '" "', '"\\u001b[2J"', '"\\u202e"', '"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', '"nan"', '"full"', '"5"'),
    *("[" * 500 + "]" * 500, '{"a":' * 200 + "1" + "}" * 200, '{"a":1,"a":2}', '"' + "x" * 5000 + '"', "", ",", "x"),
    *("[1,null]", "[1e400]", '["",""]', "[" + "0," * 2000 + "0]", '{"\\u001b":"number"}', '{"\\ud800":1}'),
)


def damaged(rng: random.Random, data: bytes, others: Sequence[bytes] = ()) -> bytes:
    """Return ``data`` after one to four changes of its bytes."""
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        data = rng.choice(BYTE_CHANGES)(rng, data, others or (data,))
    return data[:MAX_BYTES]


def flipped(rng: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    """Return it with one bit, or a few bytes, changed."""
    changed = bytearray(data or b"\0")
    for _count in range(rng.choice((1, 1, 3, 20))):
        place = rng.randrange(len(changed))
        changed[place] = changed[place] ^ (1 << rng.randrange(8)) if rng.random() < 0.6 else rng.randrange(256)
    return bytes(changed)


def deleted(rng: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    """Return it without a block."""
    start, end = block(rng, data)
    return data[:start] + data[end:]


def cut(rng: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    """Return its beginning, as a download that broke off."""
    return data[: rng.randrange(len(data) + 1)]


def inserted(rng: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    """Return it with something nasty, or anything at all, at some place."""
    what = rng.choice(NASTY_BYTES) if rng.random() < 0.8 else rng.randbytes(rng.randrange(1, 40))
    place = rng.choice((0, len(data), rng.randrange(len(data) + 1), rng.randrange(len(data) + 1)))
    return data[:place] + what + data[place:]


def repeated(rng: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    """Return it with a block there several times, seldom very often."""
    start, end = block(rng, data)
    times = rng.choice((2, 2, 3, 10, 1000))
    return data[:start] + (data[start:end] * times)[:MAX_BYTES] + data[end:]


def swapped(rng: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    """Return it with two blocks exchanged."""
    first, second, third, fourth = sorted(rng.randrange(len(data) + 1) for _ in range(4))
    return data[:first] + data[third:fourth] + data[second:third] + data[first:second] + data[fourth:]


def spliced(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Return its beginning with the end of another input."""
    other = rng.choice(others)
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]


BYTE_CHANGES: tuple[Callable[[random.Random, bytes, Sequence[bytes]], bytes], ...] = (
    *(flipped, deleted, cut, inserted, inserted, repeated, swapped, spliced),
)


def block(rng: random.Random, data: bytes) -> tuple[int, int]:
    """Return where a block begins and ends; most are short."""
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + rng.choice((1, 2, 8, 64, 512, 4096)))


def changed_toml(rng: random.Random, text: str, others: Sequence[str]) -> str:
    """Return a TOML text after one to three changes of its lines and values."""
    for _ in range(rng.choice((1, 1, 2, 3))):
        text = rng.choice(TOML_CHANGES)(rng, text, others)
    return text[:MAX_BYTES]


def with_nasty_value(rng: random.Random, text: str, _: Sequence[str]) -> str:
    """Return it with one value replaced by one that nobody expects."""
    return replaced(rng, text, _TOML_VALUE, rng.choice(NASTY_TOML))


def with_other_value(rng: random.Random, text: str, others: Sequence[str]) -> str:
    """Return it with one value replaced by that of another field, of this or of another text."""
    values = _TOML_VALUE.findall(rng.choice((text, *others))) or ["1"]
    return replaced(rng, text, _TOML_VALUE, rng.choice(values))


def with_near_number(rng: random.Random, text: str, _: Sequence[str]) -> str:
    """Return it with one number a little changed."""
    numbers = list(re.finditer(r"(?<== )-?\d{1,18}(\.\d+)?$", text, re.MULTILINE))
    if not numbers:
        return text
    number = rng.choice(numbers)
    value = float(number[0]) if number[1] else int(number[0])
    near = rng.choice((value + 1, value - 1, value * 2, value / 2 if number[1] else value // 2, -value))
    return text[: number.start()] + repr(near) + text[number.end() :]


def with_blanks(rng: random.Random, text: str, _: Sequence[str]) -> str:
    """Return it with a line that says nothing, or other ends of lines."""
    if rng.random() < 0.3:
        return text.replace("\n", "\r\n")
    return with_line(rng, text, rng.choice(("", "  ", "# a remark", "# ä \U0001f984", "\t# x")))


def with_nasty_line(rng: random.Random, text: str, others: Sequence[str]) -> str:
    """Return it with a line that belongs nowhere, or to another text."""
    lines = NASTY_LINES if rng.random() < 0.7 else rng.choice((text, *others)).split("\n")
    return with_line(rng, text, rng.choice(lines))


def with_lines_moved(rng: random.Random, text: str, _: Sequence[str]) -> str:
    """Return it with some lines there twice, elsewhere, or gone."""
    lines = text.split("\n")
    start = rng.randrange(len(lines))
    end = min(len(lines), start + rng.choice((1, 1, 2, 5)))
    some, rest = lines[start:end], lines[:start] + lines[end:]
    match rng.randrange(3):
        case 0:
            return "\n".join(rest)
        case 1:
            place = rng.randrange(len(rest) + 1)
            return "\n".join(rest[:place] + some + rest[place:])
        case _:
            return "\n".join(lines[:end] + some * rng.choice((1, 1, 300)) + lines[end:])


def with_nasty_key(rng: random.Random, text: str, _: Sequence[str]) -> str:
    """Return it with one key called something else."""
    name = rng.choice(NASTY_TEXTS)[:200]
    quoted = rng.choice(("'{}'", '"{}"')).format(name) if rng.random() < 0.8 else name
    return replaced(rng, text, re.compile(r"^[A-Za-z0-9_.\"]+(?= =)", re.MULTILINE), quoted)


TOML_CHANGES: tuple[Callable[[random.Random, str, Sequence[str]], str], ...] = (
    *(with_near_number, with_near_number, with_near_number, with_near_number, with_blanks, with_blanks),
    *(with_nasty_value, with_nasty_value, with_other_value, with_nasty_line, with_lines_moved, with_nasty_key),
)


def changed_json(rng: random.Random, text: str) -> str:
    """Return a JSON text with one to three of its values and names replaced."""
    for _ in range(rng.choice((1, 1, 2, 3))):
        match rng.randrange(5):
            case 0 | 1:
                text = replaced(rng, text, _JSON_TOKEN, rng.choice(NASTY_JSON))
            case 2:
                text = replaced(rng, text, _JSON_TOKEN, rng.choice(_JSON_TOKEN.findall(text) or ["1"]))
            case _:
                text = replaced(rng, text, _JSON_NUMBER, str(rng.randrange(1, 100)))
    return text[:MAX_BYTES]


def replaced(rng: random.Random, text: str, pattern: re.Pattern[str], new: str) -> str:
    """Return ``text`` with one of the matches of ``pattern`` replaced; with a line more where there is none."""
    matches = list(pattern.finditer(text))
    if not matches:
        return f"{text}\n{new}"
    match = rng.choice(matches)
    return text[: match.start()] + new + text[match.end() :]


def with_line(rng: random.Random, text: str, line: str) -> str:
    """Return ``text`` with one line more."""
    lines = text.split("\n")
    lines.insert(rng.randrange(len(lines) + 1), line)
    return "\n".join(lines)


def file_of_text(rng: random.Random, text: str, others: Sequence[bytes]) -> bytes:
    """Return a text as the bytes of a file, sometimes with a mark, in another encoding, or damaged."""
    data = text.encode("utf-8", "surrogatepass")
    match rng.randrange(20):
        case 0:
            return b"\xef\xbb\xbf" + data
        case 1:
            return text.encode(rng.choice(("utf-16", "utf-32", "cp1252", "latin-1", "utf-16-le")), "replace")
        case 2 | 3 | 4:
            return damaged(rng, data, others)
        case _:
            return data
