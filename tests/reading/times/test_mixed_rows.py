from __future__ import annotations

import numpy as np
import pytest
from builders import refused
from scipy.ndimage import gaussian_filter1d

from har.errors import DataError
from har.reading.times.mixed_rows import check_alternation, check_same_stamps

N_ROWS = 1200


def movement(seed, level=0.0):
    noise = np.random.default_rng(seed).normal(size=(N_ROWS, 6))
    return level + 10 * gaussian_filter1d(noise, 4, axis=0) + 0.1 * noise


def in_turn(n_sensors, level=0.0):
    rows = np.stack([movement(i, i * level) for i in range(n_sensors)], axis=1)
    return rows.reshape(-1, 6)


def check_packets(samples, size):
    is_shared = np.arange(len(samples)) % size > 0
    check_same_stamps(samples, is_shared, np.full(len(samples) // size, size), "t")


@pytest.mark.parametrize(("n_sensors", "level"), [(2, 0), (3, 0), (2, 5), (5, 5)])
def test_rows_of_several_phones_with_the_same_stamps_are_refused(n_sensors, level):
    with refused(DataError, f"t: found rows of {n_sensors} phones or sensors", "give a file to"):
        check_packets(in_turn(n_sensors, level), n_sensors)


@pytest.mark.parametrize("size", [2, 3, 5, 50])
def test_packets_of_one_phone_are_let_pass(size):
    check_packets(movement(0), size)
    check_packets(np.random.default_rng(0).normal(size=(N_ROWS, 6)), size)
    check_packets(np.zeros((N_ROWS, 6)), size)


def test_shaking_in_time_with_the_packets_is_no_second_sensor():
    at = np.arange(N_ROWS)[:, None]
    check_packets(np.sin(2 * np.pi * at / 5.02 + np.arange(6)), 5)


def test_a_few_rows_of_another_sensor_with_the_same_stamps_are_refused():
    samples = movement(0)
    foreign = np.zeros(N_ROWS, np.bool_)
    foreign[::25] = True
    sizes = np.where(np.roll(foreign, -1), 2, 1)[~foreign]
    check_same_stamps(samples, foreign, sizes, "t")
    samples[foreign] += 20
    with refused(DataError, "t: found 48 rows with the stamp of the row above and values of an"):
        check_same_stamps(samples, foreign, sizes, "t")


def test_two_phones_whose_stamps_alternate_are_refused():
    stamps = (np.arange(N_ROWS)[:, None] * 0.02 + [0, 0.007]).ravel()
    with refused(DataError, "t: found rows of 2 phones or sensors in turn"):
        check_alternation(in_turn(2), stamps, "t")
    check_alternation(movement(0), stamps[:N_ROWS], "t")
    check_alternation(None, stamps, "t")


def test_even_stamps_are_of_one_phone_however_it_shakes():
    shaken = np.where(np.arange(N_ROWS)[:, None] % 2, 1.0, -1.0) + movement(0) / 100
    check_alternation(shaken, np.arange(N_ROWS) / 50, "t")
