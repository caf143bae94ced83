"""What is asked is balanced, spread over delays and spaced in time; drawing it again gives the same."""

from collections import Counter, defaultdict
from itertools import pairwise

from millrace.apps.scoring.choice import DELAYS, best_constants, choose, delay_bin
from millrace.apps.scoring.drafts import APART_TICKS, draft
from millrace.apps.scoring.papers import PAPERS
from millrace.generation.embedding import NS_PER_TICK
from millrace.streams.world.instructions import read_instruction
from millrace.streams.world.questions import read_question
from millrace.streams.world.words import all_words


def queries_of(sheets):
    return [query for sheet in sheets for query in sheet.queries]


def test_drawing_again_gives_the_same_papers(drafts, sheets):
    assert draft(drafts[3].setting) == drafts[3]
    assert choose(drafts) == sheets


def test_questions_come_at_most_every_three_seconds(sheets):
    for sheet in sheets:
        ticks = [query.asked.tick for query in sheet.queries]
        gaps = [b - a for a, b in pairwise(ticks)]
        assert all(gap >= APART_TICKS for gap in gaps)
        assert APART_TICKS * NS_PER_TICK >= 3_000_000_000


def test_no_answer_is_asked_for_more_often_than_another(sheets):
    counts = defaultdict(Counter)
    for sheet in sheets:
        for query in sheet.queries:
            counts[sheet.setting.paper, delay_bin(query), query.form][query.asked.answer] += 1
    for (paper, delay, form), answers in counts.items():
        if paper == "live":
            delay = None
        assert len(answers) > 1 or paper == "live", (paper, delay, form)
    yes_or_no = Counter(q.asked.answer for q in queries_of(sheets) if q.asked.answer in ("yes", "no"))
    assert abs(yes_or_no["yes"] - yes_or_no["no"]) <= 0.2 * yes_or_no.total()


def test_a_constant_answer_is_right_no_more_often_than_its_share(sheets):
    live = [q for s in sheets if s.setting.paper == "live" for q in s.queries]
    constants = best_constants(live)
    for form in constants:
        answers = Counter(q.asked.answer for q in live if q.form == form)
        best = answers[constants[form]]
        assert best == max(answers.values())
        assert best <= max(-(-answers.total() // len(answers)) + 1, 0.2 * answers.total()), (form, answers)


def test_memory_is_asked_over_many_delays(sheets):
    bins = {delay_bin(q) for s in sheets if s.setting.paper == "quiet" for q in s.queries}
    assert {"5s", "15s", "30s"} <= bins <= set(DELAYS)


def test_what_is_typed_reads_back_and_uses_words_of_the_model(sheets):
    words = set(all_words())
    for sheet in sheets:
        for query in sheet.queries:
            assert read_question(query.text) == query.asked.question
            assert set(query.text.split()) <= words
        for order in sheet.orders:
            assert read_instruction(order.text) is not None
            assert set(order.text.split()) <= words
            assert order.text in sheet.texts(order.tick)


def test_some_instructions_never_come_true(drafts):
    fulfilled = [
        any(
            read_instruction(order.text).wants(event) and event.t_ns > order.tick * NS_PER_TICK
            for event in each.setting.world().events
        )
        for each in drafts
        for order in each.orders
    ]
    assert 0 < sum(fulfilled) < len(fulfilled)


def test_papers_hold_both_families_and_long_streams():
    longest = max(s.duration_s for settings in PAPERS.values() for s in settings)
    assert longest > DELAYS["10min"][1]
    assert {"shapes", "things", "unseen", "recipes", "textures", "live", "quiet", "long"} <= set(PAPERS)
