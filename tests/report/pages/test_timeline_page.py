from __future__ import annotations

from timelines import ACTIVITIES, a_report, page_text

from har.report.pages.timeline_page import write_pictures


def test_pictures_are_named_after_the_timeline_and_need_no_other_file(tmp_path):
    picture, page = write_pictures(a_report(), tmp_path / "timeline.csv")
    assert picture.name == "timeline.png"
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert page.name == "timeline.html"
    text = page.read_text()
    assert "src=" not in text
    assert 'href="http' not in text
    assert "walk &amp; run.csv" in text
    assert "time: at &lt;50&gt; Hz" in text
    assert "<DANCING>" not in text


def test_a_page_of_many_segments_says_where_the_others_are():
    page = " ".join(page_text(a_report(n=200_000)).split())
    assert page.count('<th scope="row">') == 500 + len(ACTIVITIES)
    assert "The first 500 of" in page
    assert "all are in timeline-segments" in page
