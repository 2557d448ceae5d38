"""What Atelier's customers answer when they are asked.

Here: the true answers to the two questions, as columns of numbers. Not here: who is active and on which plan
(`company`), and the file (`office`). Answers know their day only, which is always later than the day of sign-up.

The table `answers`, one row per answer, sorted by `wall`: customer, wall (start of the day), question (position in
QUESTIONS), answer (the score, or DONT_KNOW).
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tasks.demo.company import PRODUCT_CHANGE, Customers, Lives
from tasks.demo.timeline import DAY, Ints, between

DONT_KNOW = 11
SECOND_ANSWER_WITHIN = 15
"""Days after which a customer who answers again has done so."""


@dataclass(frozen=True, slots=True)
class Question:
    """How many answer, and what: scores scatter around a mean of the plan, cut off at the ends of the scale."""

    name: str
    answering: float
    """Share of the active customers of a month."""
    twice: float
    """Share of those who answer again in the same month."""
    dont_know: float
    scale: tuple[int, int]
    means: tuple[float, ...]
    """By plan, in the order of PLANS."""
    spread: float
    gain: float
    """What the product change adds to the means."""


QUESTIONS = (
    Question("nps", 0.060, 0.04, 0.04, (0, 10), (7.2, 7.7, 8.2, 8.6), 2.0, 0.40),
    Question("csat", 0.030, 0.00, 0.00, (1, 5), (3.7, 3.9, 4.1, 4.2), 1.0, 0.15),
)
NPS, CSAT = range(2)


def answers_of(rng: np.random.Generator, customers: Customers, lives: Lives) -> pl.DataFrame:
    """Every answer: to the survey sent to active customers, and after contacts with support."""
    parts = [_answers(rng, customers, lives, position) for position in range(len(QUESTIONS))]
    return pl.concat(parts).sort("wall", "customer", "question", "answer")


def _answers(rng: np.random.Generator, customers: Customers, lives: Lives, position: int) -> pl.DataFrame:
    question = QUESTIONS[position]
    customer, day = _answering(rng, customers, lives, question)
    answer = _scores(rng, customers, lives, question, customer, day)
    clueless = rng.random(len(customer)) < question.dont_know
    return pl.DataFrame(
        {
            "customer": customer,
            "wall": day * DAY,
            "question": np.full(len(customer), position, np.int64),
            "answer": np.where(clueless, DONT_KNOW, answer),
        }
    )


def _answering(rng: np.random.Generator, customers: Customers, lives: Lives, question: Question) -> tuple[Ints, Ints]:
    """Who answers on which day."""
    time = customers.time
    customer, month = np.nonzero(lives.active & (rng.random(lives.active.shape) < question.answering))
    day = rng.integers(time.first_days[month], time.first_days[month + 1])
    again = rng.random(len(customer)) < question.twice
    later = day + between(rng, 1, SECOND_ANSWER_WITHIN, len(day))
    again &= later < time.first_days[month + 1]
    who, when = np.concatenate([customer, customer[again]]), np.concatenate([day, later[again]])
    signed_up = when > customers.signed_up_at[who] // DAY
    return who[signed_up], when[signed_up]


def _scores(
    rng: np.random.Generator, customers: Customers, lives: Lives, question: Question, customer: Ints, day: Ints
) -> Ints:
    month = customers.time.month_of(day * DAY)
    plan = lives.plan_at(customer, month, day * DAY)
    changed = month >= customers.time.month_number(PRODUCT_CHANGE)
    mean = np.array(question.means)[plan] + np.where(changed, question.gain, 0.0)
    scores: Ints = np.clip(np.rint(rng.normal(mean, question.spread)), *question.scale).astype(np.int64)
    return scores
