#!/usr/bin/env python3
"""Make test/fixtures/*.safetensors: what PyTorch computes, for this library to be compared with.

    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE /usr/bin/python3 scripts/make-fixtures.py

Needs PyTorch 1.13 (Debian 12: python3-torch) and NumPy. Takes a few seconds; the same versions give the same bytes.

Arithmetic: inputs, weights and cotangents are drawn in float64 and rounded to float32. PyTorch then computes outputs and
gradients IN FLOAT64 from those rounded numbers, and the results are rounded to float32 once, to be stored. A stored
result is therefore right to half a unit in the last place of float32, so an error measured against it is the engine's own.

Gradients are those of the scalar sum(output * cotangent) + sum(state * state cotangent): random cotangents reach every
path, which a plain sum of the output would not.

PyTorch 1.13 has neither peepholes nor a GRU that resets before its matrix product; fixtures/recurrent.py writes these two
recurrences in torch (autograd gives their gradients) and checks the same code against torch.nn.LSTM and torch.nn.GRU.
"""

import argparse
import sys
from pathlib import Path

sys.dont_write_bytecode = True

import torch  # noqa: E402

from fixtures import (  # noqa: E402
    activations,
    attention,
    catalogue,
    cells,
    convolution,
    layers,
    lengths,
    losses,
    metrics,
    model,
    norms,
    operations,
    optimizers,
    recurrences,
    recurrent,
    schedules,
    sequence_losses,
    tensor_operations,
    trajectories,
    variants,
    wrappers,
)

FAMILIES = {
    "rnn": recurrent.rnn_cases,
    "lstm": recurrent.lstm_cases,
    "gru": recurrent.gru_cases,
    "cells": cells.cases,
    "lengths": lengths.cases,
    "variants": variants.cases,
    "recurrences": recurrences.cases,
    "layers": layers.cases,
    "activations": activations.cases,
    "catalogue": catalogue.cases,
    "learned-activations": catalogue.learned,
    "axis-activations": catalogue.over_axes,
    "losses": losses.cases,
    "optimizers": optimizers.cases,
    "trajectories": trajectories.cases,
    "schedules": schedules.cases,
    "operations": operations.cases,
    "model": model.cases,
    "sequence-losses": sequence_losses.cases,
    "tensor-operations": tensor_operations.cases,
    "ctc": sequence_losses.ctc_cases,
    "metrics": metrics.cases,
    "attention": attention.cases,
    "convolution": convolution.cases,
    "norms": norms.cases,
    "wrappers": wrappers.cases,
}


def main():
    default_output = Path(__file__).resolve().parent.parent / "test" / "fixtures"
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--output", type=Path, default=default_output, help="folder to write (default: test/fixtures)")
    parser.add_argument("families", nargs="*", help=f"which to make (default: all of {', '.join(FAMILIES)})")
    arguments = parser.parse_args()
    unknown = set(arguments.families) - set(FAMILIES)
    if unknown:
        parser.error(f"unknown families: {', '.join(sorted(unknown))}")

    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    arguments.output.mkdir(parents=True, exist_ok=True)
    for family in arguments.families or FAMILIES:
        cases = list(FAMILIES[family]())
        path = arguments.output / f"{family}.safetensors"
        size = store_cases(path, cases)
        print(f"{path.name:26} {len(cases):3} cases {size:8} bytes")


def store_cases(path, cases):
    from fixtures.store import encode

    contents = encode(cases, made_with=f"torch {torch.__version__}, float64 arithmetic, stored as float32")
    path.write_bytes(contents)
    return len(contents)


if __name__ == "__main__":
    main()
