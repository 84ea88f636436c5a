"""Makes churn.csv and churn_new.csv: customers of a made-up telephone company, and who of them left.

Who leaves follows a rule and chance, so a good network is right about 85 times in 100, and none is always right.
"""

from __future__ import annotations

import csv
import math
import random
from pathlib import Path

FOLDER = Path(__file__).parent
HEAD = ("customer", "months", "contract", "payment", "monthly_fee", "calls_to_support", "churn")
CUSTOMERS, NEW = 600, 6


def customer(number: int, rng: random.Random) -> list[object]:
    """One row: the columns of HEAD, the fee missing now and then."""
    months = rng.randint(1, 72)
    contract = rng.choices(("monthly", "one year", "two years"), (55, 25, 20))[0]
    payment = rng.choice(("card", "transfer", "check"))
    fee, calls = round(rng.uniform(18, 118), 2), min(int(rng.expovariate(0.7)), 9)
    score = -1.9 - 0.07 * months + 0.03 * fee + 1.1 * calls - 3.0 * (contract != "monthly") + (payment == "check")
    leaves = rng.random() < 1 / (1 + math.exp(-1.5 * score))
    shown_fee = fee if rng.random() > 0.02 else ""
    return [f"C{number:04}", months, contract, payment, shown_fee, calls, "yes" if leaves else "no"]


def main() -> None:
    rng = random.Random(7)
    rows = [customer(number, rng) for number in range(1, CUSTOMERS + NEW + 1)]
    for name, part, columns in (("churn.csv", rows[:CUSTOMERS], 7), ("churn_new.csv", rows[CUSTOMERS:], 6)):
        with open(FOLDER / name, "w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows(row[:columns] for row in (HEAD, *part))


if __name__ == "__main__":
    main()
