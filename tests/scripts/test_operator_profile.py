from __future__ import annotations

import json

from operator_profile import Operator, medians, parse, profile, table

from har.models.backend import mx


def statistics_of(**operators):
    rows = {n: {"Count": count, "Total": total} for n, (count, total) in operators.items()}
    return json.dumps({"Time": {"operator": rows}})


def test_statistics_are_per_step_and_waiting_is_no_work():
    found = parse(statistics_of(RNN=(4, 30.0), WaitForVar=(1, 99.0)), n_steps=2)
    assert found == {"RNN": Operator("RNN", 2, 15.0)}


def test_a_block_in_which_something_else_ran_changes_little():
    blocks = [parse(statistics_of(RNN=(1, ms), mean=(2, 5.0)), 1) for ms in (10.0, 80.0, 12.0)]
    assert medians(blocks) == [Operator("RNN", 1, 12.0), Operator("mean", 2, 5.0)]


def test_the_table_sums_up_what_it_does_not_show_and_compares_the_total():
    operators = [Operator("RNN", 1, 6.0), Operator("mean", 2, 3.0), Operator("max", 1, 1.0)]
    lines = table(operators, 10.5, n_shown=1).splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["RNN", "1", "6.000", "60.0%"],
        ["2", "others", "3", "4.000", "40.0%"],
        ["all", "operators", "4", "10.000", "100.0%"],
        ["processor", "time,", "not", "profiled", "10.500", "-4.8%"],
    ]
    assert table(operators, 5.0, n_shown=1).splitlines()[-1].startswith("The machine was busy")


def test_mxnet_says_how_often_its_operators_are_called():
    matrix = mx.nd.ones((4, 4))

    def work():
        mx.nd.dot(mx.nd.tanh(matrix), mx.nd.tanh(matrix)).wait_to_read()

    n_calls = {operator.name: operator.n_calls for operator in profile(work, 3, 2)}
    assert (n_calls["dot"], n_calls["tanh"]) == (1, 2)
