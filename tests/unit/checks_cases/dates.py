"""Minimal portfolios for the rules about the calendar and dates."""

from __future__ import annotations

from tests.unit.checks_cases.parts import TWO, YEAR, Case, staffed, work

DATE_CASES = (
    Case("calendar-periods", "calendar/periods", {"calendar": {**YEAR, "periods": 0}}),
    Case("calendar-periods", "calendar/periods", {"calendar": {**YEAR, "periods": 10_001}}),
    Case(
        "calendar-fiscal-month",
        "calendar/fiscal_start_month",
        {"calendar": {**YEAR, "fiscal_start_month": 13}},
    ),
    Case("calendar-hours", "calendar/hours_per_day", {"calendar": {**YEAR, "hours_per_day": 25}}),
    Case("calendar-hours", "calendar/hours_per_day", {"calendar": {**YEAR, "hours_per_day": 0}}),
    Case(
        "calendar-working-days", "calendar/working_days", {"calendar": {**YEAR, "working_days": []}}
    ),
    Case(
        "calendar-idle-days",
        "calendar/working_days",
        staffed({"fte": 1}, calendar={**YEAR, "grain": "day"}),
    ),
    Case(
        "date-absurd",
        "projects/P/latest_finish",
        {"projects": [work("P", 2, latest_finish="9999-12-31")]},
    ),
    Case(
        "date-absurd",
        "people/ann/absences/0/last",
        staffed(
            {"fte": 1},
            people=[
                {
                    "id": "ann",
                    "skills": {"dev": 1},
                    "absences": [{"first": "2027-02-01", "last": "9999-12-31"}],
                }
            ],
        ),
    ),
    Case(
        "date-absurd", "calendar/periods", {"calendar": {**YEAR, "periods": 999, "grain": "year"}}
    ),
    Case("date-absurd", "calendar/start", {"calendar": {**YEAR, "start": "0027-01-01"}}),
    Case(
        "date-order",
        "people/ann/absences/0/first",
        staffed(
            {"fte": 1},
            people=[
                {
                    "id": "ann",
                    "skills": {"dev": 1},
                    "absences": [{"first": "2027-02-05", "last": "2027-02-01"}],
                }
            ],
        ),
    ),
    Case(
        "date-order",
        "caps/c/first",
        {"caps": [{"id": "c", "first": 5, "last": "2027-03-01", "amounts": {"total": 1}}]},
    ),
    Case(
        "date-order",
        "rules/r/first",
        {"rules": [{"id": "r", "type": "starts", "max": 1, "first": 5, "last": 3}]},
    ),
    Case(
        "date-rounded",
        "projects/P/earliest_start",
        {"projects": [work("P", 2, earliest_start="2027-02-02")]},
    ),
    Case(
        "date-rounded",
        "projects/P/latest_start",
        {"projects": [work("P", 2, latest_start="2027-04-02")]},
    ),
    Case(
        "date-rounded",
        "projects/P/latest_finish",
        {"projects": [work("P", 2, latest_finish="2027-06-29")]},
    ),
    Case("date-rounded", "projects/P/due", {"projects": [work("P", 2, due="2027-06-29")]}),
    Case(
        "date-rounded",
        "hires/h/earliest_order",
        staffed(
            {"fte": 1},
            hires=[{"id": "h", "skill": "dev", "max_heads": 1, "earliest_order": "2027-01-15"}],
        ),
    ),
    Case(
        "date-without-effect",
        "projects/P/earliest_start",
        {"projects": [work("P", 2, earliest_start="2026-03-10")]},
    ),
    Case(
        "date-without-effect",
        "projects/P/latest_start",
        {"projects": [work("P", 2, latest_start=12)]},
    ),
    Case("date-without-effect", "projects/P/due", {"projects": [work("P", 2, due="2028-06-30")]}),
    Case(
        "date-without-effect",
        "caps/c/first",
        {"caps": [{"id": "c", "first": 12, "amounts": {"total": 1}}]},
    ),
    Case(
        "date-without-effect",
        "rules/r/last",
        {"rules": [{"id": "r", "type": "starts", "max": 1, "last": "2026-12-31"}]},
    ),
    Case(
        "date-without-effect",
        "people/ann/dedications/0/first",
        staffed(
            {"fte": 1},
            people=[
                {
                    "id": "ann",
                    "skills": {"dev": 1},
                    "dedications": [{"project": "P", "fte": 0.5, "first": 12}],
                }
            ],
        ),
    ),
    Case(
        "date-order",
        "people/ann/dedications/0/first",
        staffed(
            {"fte": 1},
            people=[
                {
                    "id": "ann",
                    "skills": {"dev": 1},
                    "dedications": [{"project": "P", "fte": 0.5, "first": 5, "last": "2027-03-31"}],
                }
            ],
        ),
    ),
    Case(
        "date-without-effect",
        "people/ann/absences",
        staffed(
            {"fte": 1},
            people=[
                {
                    "id": "ann",
                    "skills": {"dev": 1},
                    "absences": [{"first": "2026-02-01", "last": "2026-02-05"}],
                }
            ],
        ),
    ),
    Case(
        "date-without-effect",
        "people/bob/available_until",
        staffed(
            {"fte": 1},
            people=[
                {"id": "ann", "skills": {"dev": 1}},
                {"id": "bob", "skills": {"dev": 1}, "available_until": "2026-12-31"},
            ],
        ),
    ),
    Case(
        "date-without-effect",
        "calendar/holidays",
        {"calendar": {**YEAR, "holidays": ["2026-12-25"]}},
    ),
    Case(
        "date-without-effect",
        "baseline/0/phases/0/start",
        {"baseline": [{"project": "P", "phases": [{"phase": "phase-1", "start": -1}]}]},
    ),
    Case(
        "saving-outside",
        "synergies/s/savings/0/period",
        {
            **TWO,
            "funds": [{"id": "F", "amounts": {"total": 5}}],
            "synergies": [
                {
                    "id": "s",
                    "projects": ["A", "B"],
                    "savings": [{"fund": "F", "period": "2028-01-01", "amount": 1}],
                }
            ],
        },
    ),
)
