"""Measure what a few labelled seconds of a new person are worth, on training people of UCI HAR.

They are held out fold by fold; the test subjects play no part. A network is trained on the others
(or taken from --models, where it was kept), adapted to each person who was held out by the first
seconds of each activity, and scored on the rest, see `adaptation.people`; ways to adapt and the
choice of a strength are described in `adaptation.ways`.

With --without ACTIVITY networks of the other activities are taught that one instead. With --test
RUN nothing is held out or chosen: it is a confirmation, on the official test subjects, of what was
chosen here, and nothing may be chosen by it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pandas as pd
from adaptation.confirmation import confirmed
from adaptation.figure import study_figure
from adaptation.new_activities import NEW_SECONDS, Taught, figures_of_new, taught_people
from adaptation.others import figures_of_others, scores_of_others
from adaptation.people import Person, is_known, people_of, places_of_windows, trained
from adaptation.ways import ALONE, EACH, results_of, scores

from har.files import write_text
from har.report.drawing import to_svg
from har.training.adaptation import SUMMARY_STRENGTH


def main() -> None:
    """Study one recipe."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = parser.add_argument
    add("recipe", help="a recipe of one network with a summary, of UCI HAR")
    add("--folds", type=int, default=7, help="default: 7")
    add("--only-folds", type=int, default=None, help="how many of them; default: all")
    add("--seed", type=int, default=0, help="default: 0")
    add("--models", type=Path, default=Path("runs/adaptation"), help="where networks are kept")
    add("--scores", type=Path, help="CSV with all scores: kept there, and not worked out again")
    add("--without", nargs="+", help="activities to teach, each to networks of the others")
    add("--test", type=Path, metavar="RUN", help="confirm on the test subjects, and choose nothing")
    add("--out", type=Path, help="JSON to write")
    add("--figure", type=Path, help="SVG to write")
    options = parser.parse_args()
    about: dict[str, object] = {"recipe": options.recipe}
    if options.test:
        results = about | confirmed(options.test)
    elif options.without:
        results = about | _new_activities(options)
    else:
        results = about | _study(options)
    for name, rows in results.items():
        if name.startswith(("with", "strength_", "new")) and isinstance(rows, list):
            print(pd.DataFrame(rows).to_string())
    if options.out:
        write_text(options.out, json.dumps(results, indent=1) + "\n")


def _study(options: argparse.Namespace) -> dict[str, object]:
    """Adapt to everybody who is held out, and score them and the others."""
    places, people = places_of_windows("train"), list[Person]()
    of_others = []
    for fold in _folds(options):
        classifier, windows = trained(*_how(options, fold))
        new = [one for one in windows.subject_names if not is_known(classifier, one)]
        held_out = list(people_of(classifier, windows, places, new))
        known = list(people_of(classifier, windows, places, classifier.train_subjects_))
        of_others.append(scores_of_others(held_out, known))
        people += held_out
    if options.scores and options.scores.exists():
        table = pd.read_csv(options.scores)
    else:
        table = scores(people, [*EACH, (ALONE, 0.0)])
        if options.scores:
            table.to_csv(options.scores, index=False)
    if options.figure:
        write_text(options.figure, to_svg(study_figure(table)))
    about = {"folds": options.folds, "n_folds_used": len(_folds(options)), "seed": options.seed}
    about["n_people"] = len(people)
    return results_of(table, about) | {
        "others": figures_of_others(pd.concat(of_others, ignore_index=True))
    }


def _new_activities(options: argparse.Namespace) -> dict[str, object]:
    """Teach each of some activities to networks of the others."""
    places, rows = places_of_windows("train"), []
    for activity in options.without:
        networks = [trained(*_how(options, fold), activity) for fold in _folds(options)]
        for seconds in NEW_SECONDS:
            people: list[Taught] = []
            for network in networks:
                people += taught_people(*network, places, seconds, SUMMARY_STRENGTH)
            if people:
                rows.append({"activity": activity, "seconds": seconds} | figures_of_new(people))
    n_used = len(_folds(options))
    about = {"folds": options.folds, "n_folds_used": n_used, "seed": options.seed}
    return about | {"strength": SUMMARY_STRENGTH, "new_activities": rows}


def _folds(options: argparse.Namespace) -> range:
    return range(options.only_folds or options.folds)


def _how(options: argparse.Namespace, fold: int) -> tuple[str, int, int, int, Path]:
    return options.recipe, options.seed, options.folds, fold, options.models


if __name__ == "__main__":
    main()
