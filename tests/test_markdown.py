from __future__ import annotations

from har.markdown import markdown_table


def test_words_stand_at_the_left_and_numbers_at_the_right():
    assert markdown_table(("run", "accuracy"), [("A", "97.9 %"), ("a|b", "1 %")]) == [
        "| run | accuracy |",
        "| --- | ---: |",
        "| A | 97.9 % |",
        "| a\\|b | 1 % |",
    ]
