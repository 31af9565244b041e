#!/usr/bin/env python3
"""Records to train a MEND editor on: those of CounterFact whose subjects the first edits of some orders do not use.

    scripts/real/mend_training.py real/counterfact.json real/mend_train.json [--orders 0 1] [--edits 2000]

The orders are the paper's ten, as `samples: published` makes them.
"""

import argparse
import json
import pathlib
import random
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from real import records, transfer  # noqa: E402

NUM_ORDERS = 10
SEED = 37


def published_orders(entries):
    """Case ids: of each subject, in lower case, the first record, shuffled again and again."""
    first = {}
    for entry in entries:
        first.setdefault(entry["requested_rewrite"]["subject"].lower(), entry["case_id"])
    case_ids, generator, orders = list(first.values()), random.Random(SEED), []
    for _ in range(NUM_ORDERS):
        generator.shuffle(case_ids)
        orders.append(list(case_ids))
    return orders


def unused(entries, orders, num_edits):
    """The records whose subjects are not among the first `num_edits` of `orders`."""
    published = published_orders(entries)
    edited = {case_id for order in orders for case_id in published[order][:num_edits]}
    subjects = {entry["requested_rewrite"]["subject"].lower() for entry in entries if entry["case_id"] in edited}
    return [entry for entry in entries if entry["requested_rewrite"]["subject"].lower() not in subjects]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("records", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--orders", type=int, nargs="+", default=[0, 1], choices=range(NUM_ORDERS), metavar="ORDER")
    parser.add_argument("--edits", type=int, default=2000, help="of each order")
    arguments = parser.parse_args()
    try:
        kept = unused(records.read(arguments.records), arguments.orders, arguments.edits)
        if not kept:
            raise transfer.TransferError(f"{arguments.records}: these edits use every subject; fewer --edits")
        transfer.write_whole(arguments.out, records.as_list(kept))
    except transfer.TransferError as error:
        sys.exit(f"mend_training: {error}")
    print(f"{arguments.out}: {len(kept):,} records of subjects that the edits do not use")


if __name__ == "__main__":
    main()
