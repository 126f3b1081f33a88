"""The library over HTTP. Only `web` is started: no Rasa, no action server, no worker."""

import html
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

import clinic.library
import web.library.routes
from cli.scratch import free_port, running
from clinic.content import Live
from clinic.handoff.protocol import text, withheld_topics
from clinic.library import ANSWERS, Answer, read_library, read_shelves
from clinic.search import words_of
from clinic.settings import ClinicInfo, Settings
from web.app import create_app

BOOK = read_library()
PAGES = BOOK.pages
TOPIC_LINK = r'href="/library/(\w+)"'


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    nowhere = {"LOTUS_RASA_URL": f"http://127.0.0.1:{free_port()}"}
    with (
        running(tmp_path_factory.mktemp("library"), "web", wait_for="/healthz", **nowhere) as alone,
        httpx.Client(base_url=alone.url, trust_env=False, timeout=30) as client,
    ):
        yield client


def read(library: httpx.Client, path: str, **query: str) -> str:
    return library.get(path, params=query or None).raise_for_status().text


def main_of(page: str) -> str:
    return page[page.index("<main") : page.index("</main>")]


def topics_in(page: str) -> list[str]:
    return re.findall(TOPIC_LINK, main_of(page))


def words_in(page: str) -> str:
    """What a reader sees of it, in one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


class TestList:
    def test_it_works_without_rasa_actions_and_worker(self, library: httpx.Client) -> None:
        assert library.get("/readyz").status_code == 503
        assert library.get("/library").status_code == 200

    def test_it_names_every_answer_once_with_its_question(self, library: httpx.Client) -> None:
        page = read(library, "/library")
        assert sorted(topics_in(page)) == sorted(PAGES)
        for answer in PAGES.values():
            assert answer.title in words_in(page)
            assert answer.question in words_in(page)

    def test_it_leaves_out_small_talk_and_refusals(self, library: httpx.Client) -> None:
        assert not {"greet", "thanks", "dosing", "medical_advice"} & set(topics_in(read(library, "/library")))

    def test_its_headings_are_those_of_the_data_file(self, library: httpx.Client) -> None:
        headings = re.findall(r"<h2[^>]*>(.*?)</h2>", read(library, "/library"))
        assert [html.unescape(one) for one in headings] == [one.title for one in read_shelves().headings]

    def test_every_answer_stands_under_one_heading(self) -> None:
        headed = [topic for heading in read_shelves().headings for topic in heading.topics]
        assert sorted(headed) == sorted(PAGES)

    def test_it_says_how_many_texts_await_review(self, library: httpx.Client) -> None:
        waiting = sum(answer.awaits_review for answer in PAGES.values())
        assert f"{waiting} of {len(PAGES)} texts" in words_in(read(library, "/library"))

    def test_the_demo_page_links_to_it(self, library: httpx.Client) -> None:
        assert 'href="/library"' in read(library, "/")


class TestSearch:
    @pytest.mark.parametrize(
        ("query", "first"),
        [
            ("bladder", "bladder"),
            ("BLÁDDERS", "bladder"),
            ("blad", "bladder"),
            ("does ketamine hurt my bladder", "bladder"),
            ("can i drive home", "driving"),
            ("high blood pressure", "blood_pressure_heart"),
            ("Spravato", "spravato_esketamine"),
            ("memory loss", "memory_cognition"),
            ("breastfeeding", "pregnancy_breastfeeding"),
        ],
    )
    def test_the_best_fit_comes_first(self, library: httpx.Client, query: str, first: str) -> None:
        assert topics_in(read(library, "/library", q=query))[0] == first

    def test_a_title_goes_before_a_mention(self, library: httpx.Client) -> None:
        found = topics_in(read(library, "/library", q="bladder"))
        assert found[0] == "bladder"
        assert "fda_compounded_warning" in found[1:]

    def test_what_does_not_fit_is_left_out(self, library: httpx.Client) -> None:
        assert "ptsd" not in topics_in(read(library, "/library", q="bladder"))

    @pytest.mark.parametrize("query", ["xylophone", "xylophone ketamine"])
    def test_nothing_found_leads_to_the_chat_the_clinic_and_988(
        self, library: httpx.Client, clinic_info: ClinicInfo, query: str
    ) -> None:
        page = main_of(read(library, "/library", q=query))
        assert "No topics for" in page
        assert clinic_info.phone in page
        for link in ("/#lotus-guide", "tel:988", "sms:988", "tel:911"):
            assert f'href="{link}"' in page

    def test_markup_in_the_query_is_shown_as_text(self, library: httpx.Client) -> None:
        query = '"><script>alert(1)</script>'
        page = read(library, "/library", q=query)
        assert "<script>alert" not in page
        assert query in html.unescape(page)

    @pytest.mark.parametrize("query", ["", "   ", "?!", "\x00", "a" * 5000, "((((", "%"])
    def test_odd_queries_get_a_page(self, library: httpx.Client, query: str) -> None:
        assert "Search the library" in read(library, "/library", q=query)

    def test_words_that_show_risk_get_the_numbers_above_the_results(self, library: httpx.Client) -> None:
        page = main_of(read(library, "/library", q="i want to die ketamine memory"))
        assert text("lifeline_first") in words_in(page)
        assert page.index("tel:988") < page.index("/library/memory_cognition")

    def test_numbers_come_in_the_searcher_s_language(self, library: httpx.Client) -> None:
        assert text("lifeline_first", "es") in words_in(read(library, "/library", q="me quiero morir"))

    def test_after_such_words_no_topic_is_found_that_the_chat_would_withhold(self, library: httpx.Client) -> None:
        calm = topics_in(read(library, "/library", q="opioids alcohol"))
        risky = topics_in(read(library, "/library", q="i want to die opioids alcohol"))
        assert withheld_topics() & set(calm)
        assert not withheld_topics() & set(risky)

    def test_a_search_is_kept_by_no_cache_and_no_search_engine(self, library: httpx.Client) -> None:
        answer = library.get("/library", params={"q": "bladder"})
        assert answer.headers["Cache-Control"] == "no-store"
        assert '<meta name="robots" content="noindex">' in answer.text


@pytest.mark.parametrize("answer", PAGES.values(), ids=lambda answer: answer.topic)
class TestEveryTopic:
    def test_its_page_shows_all_its_texts(self, library: httpx.Client, answer: Answer, clinic_info: ClinicInfo) -> None:
        seen = words_in(read(library, f"/library/{answer.topic}"))
        for part in (answer.title, answer.question, answer.short, answer.more, answer.not_known):
            filled = clinic.library.fill(part, clinic_info)
            assert " ".join(filled.split()) in seen

    def test_its_page_shows_its_sources_as_links(self, library: httpx.Client, answer: Answer) -> None:
        page = html.unescape(read(library, f"/library/{answer.topic}"))
        for source in (BOOK.sources[key] for key in answer.sources):
            assert source["by"] in page
            link = f'<a href="{source["url"]}" rel="noopener">{source["title"]}</a>'
            assert (link if source["url"] else source["title"]) in page

    def test_its_page_says_who_reviews_it_and_when(self, library: httpx.Client, answer: Answer) -> None:
        page = read(library, f"/library/{answer.topic}")
        assert answer.reviewer.casefold() in page.casefold()
        assert f'datetime="{answer.reviewed_on}"' in page
        assert f'datetime="{answer.next_review}"' in page

    def test_its_page_links_to_its_related_topics(self, library: httpx.Client, answer: Answer) -> None:
        related = {topic for topic in answer.related if topic in PAGES}
        assert related <= set(topics_in(read(library, f"/library/{answer.topic}")))


class TestTopicPage:
    def test_its_head_names_it(self, library: httpx.Client) -> None:
        page = read(library, "/library/bladder")
        assert "<title>Bladder and urinary effects – The Lotus Center</title>" in page
        assert '<meta name="description" content="It can. Long, heavy use' in page
        assert f'<link rel="canonical" href="{library.base_url.join("/library/bladder")}">' in page
        assert '<html lang="en">' in page

    def test_it_leads_back_to_its_heading_the_list_and_the_chat(self, library: httpx.Client) -> None:
        page = main_of(read(library, "/library/bladder"))
        for link in ("/library", "/library#risks", "/#lotus-guide"):
            assert f'href="{link}"' in page

    def test_it_says_that_it_is_not_medical_advice_and_names_988(self, library: httpx.Client) -> None:
        page = read(library, "/library/bladder")
        assert "General information, not medical advice" in page
        assert text("after_crisis_line") in page

    @pytest.mark.parametrize("topic", ["suicidal_ideation_evidence", "crisis_resources"])
    def test_on_suicidality_988_stands_above_the_text(self, library: httpx.Client, topic: str) -> None:
        page = main_of(read(library, f"/library/{topic}"))
        assert page.index("tel:988") < page.index('class="lead"')

    def test_a_text_that_awaits_review_says_so(self, library: httpx.Client) -> None:
        assert "No clinician has reviewed it yet" in read(library, "/library/bladder")

    def test_it_asks_nothing_of_other_sites(self, library: httpx.Client) -> None:
        page = read(library, "/library/bladder")
        assert re.findall(r'(?:src|action)="(?!/)', page) == []
        assert re.findall(r'<link rel="stylesheet" href="(?!/)', page) == []

    def test_it_holds_no_inline_script_or_style(self, library: httpx.Client) -> None:
        for path in ("/library", "/library/bladder"):
            assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)", read(library, path))

    @pytest.mark.parametrize("topic", ["no_such_topic", "greet", "dosing", "Bladder", "<script>alert(1)"])
    def test_an_unknown_topic_is_a_404_with_a_search(self, library: httpx.Client, topic: str) -> None:
        answer = library.get(f"/library/{topic}")
        assert answer.status_code == 404
        assert 'role="search"' in answer.text
        assert "<script>alert" not in answer.text

    def test_a_misspelled_address_offers_what_it_may_have_meant(self, library: httpx.Client) -> None:
        assert topics_in(library.get("/library/bladder_damage").text)[0] == "bladder"


class TestCaching:
    @pytest.mark.parametrize("path", ["/library", "/library/bladder"])
    def test_an_unchanged_page_is_not_sent_again(self, library: httpx.Client, path: str) -> None:
        first = library.get(path)
        again = library.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert first.headers["Cache-Control"] == "no-cache"
        assert (again.status_code, again.content) == (304, b"")

    def test_a_changed_page_is_sent(self, library: httpx.Client) -> None:
        assert library.get("/library", headers={"If-None-Match": '"of before"'}).status_code == 200


class TestEdits:
    """In this process, since the content lies in the project's own folder."""

    @pytest.fixture
    def answers(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        copied = Path(shutil.copytree(ANSWERS, tmp_path / "answers"))
        monkeypatch.setattr(clinic.library, "ANSWERS", copied)
        monkeypatch.setattr(web.library.routes, "library", Live(read_library, copied))
        return copied

    @pytest.fixture
    def edited(self, answers: Path, tmp_path: Path) -> Iterator[TestClient]:
        with TestClient(create_app(Settings(data_dir=tmp_path))) as client:
            yield client

    def edit(self, file: Path, old: str, new: str) -> None:
        content = file.read_text(encoding="utf-8")
        assert old in content
        file.write_text(content.replace(old, new), encoding="utf-8")

    def test_an_edit_shows_without_a_restart(self, edited: TestClient, answers: Path) -> None:
        before = edited.get("/library/bladder")
        self.edit(answers / "bladder.yml", "Can ketamine harm the bladder?", "Does the bladder suffer?")
        after = edited.get("/library/bladder", headers={"If-None-Match": before.headers["ETag"]})
        assert "Does the bladder suffer?" in after.text
        assert "Does the bladder suffer?" in edited.get("/library", params={"q": "suffer"}).text

    def test_a_reviewed_text_no_longer_says_that_it_awaits_review(self, edited: TestClient, answers: Path) -> None:
        self.edit(answers / "bladder.yml", "reviewer: awaiting clinician review", "reviewer: A. Sample, APRN")
        page = edited.get("/library/bladder").text
        assert "A. Sample, APRN" in page
        assert "Reviewed on" in page
        assert "waiting clinician review" not in page

    def test_an_overdue_review_is_named(self, edited: TestClient, answers: Path) -> None:
        self.edit(answers / "bladder.yml", "next_review: 2027-05-23", "next_review: 2020-05-23")
        assert "overdue" in edited.get("/library/bladder").text

    def test_a_topic_under_no_heading_is_listed_last(self, edited: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
        shelves = read_shelves()
        shelves.headings[0].topics.remove("crisis_resources")
        monkeypatch.setattr(web.library.routes, "shelves", lambda: shelves)
        assert topics_in(edited.get("/library").text)[-1] == "crisis_resources"
        assert shelves.other_heading in edited.get("/library/crisis_resources").text


def test_words_are_folded() -> None:
    assert words_of("Kétamine's BLADDERS, o’clock_10") == ["ketamine", "bladder", "oclock", "10"]
