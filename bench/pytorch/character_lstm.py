#!/usr/bin/env python3
"""The character LSTM of `unrolled train`, in PyTorch: the same network, data and optimizer, to compare time and loss.

Embedding 64 -> LSTM 128 -> linear, windows of 64 characters from random places of the first 90 % of the text, 32 at a
time, Adam 2e-3, gradient norm clipped to 1. Prints, as one line of JSON, the seconds of training and the mean loss in
nats per character over the last 10 % of the text, cut into windows of 64 from a zero state.

Debian: python3-torch and libopenblas0-pthread (without the latter PyTorch multiplies with the slow reference BLAS).

    python3 bench/pytorch/character_lstm.py TEXT [--steps 3000] [--threads 1] [--seed 1]
"""
import argparse
import json
import time

import torch

WINDOW, BATCH = 64, 32


class CharacterLSTM(torch.nn.Module):
    def __init__(self, characters):
        super().__init__()
        self.embedding = torch.nn.Embedding(characters, 64)
        self.lstm = torch.nn.LSTM(64, 128)
        self.head = torch.nn.Linear(128, characters)

    def forward(self, tokens):
        output, _ = self.lstm(self.embedding(tokens))
        return self.head(output)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)

    text = open(options.text, encoding="utf-8").read()
    characters = sorted(set(text))
    number = {character: i for i, character in enumerate(characters)}
    data = torch.tensor([number[character] for character in text])
    split = int(len(data) * 0.9)
    training, held_out = data[:split], data[split:]

    model = CharacterLSTM(len(characters))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    loss_of = torch.nn.functional.cross_entropy
    offsets = torch.arange(WINDOW + 1)[:, None]
    started = time.time()
    for _ in range(options.steps):
        starts = torch.randint(0, len(training) - WINDOW - 1, (BATCH,))
        windows = training[starts[None, :] + offsets]
        logits = model(windows[:-1])
        loss = loss_of(logits.reshape(-1, len(characters)), windows[1:].reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1)
        optimizer.step()
    seconds = time.time() - started

    with torch.no_grad():
        starts = torch.arange(0, len(held_out) - WINDOW, WINDOW)
        windows = held_out[starts[None, :] + offsets]
        logits = model(windows[:-1])
        nats = loss_of(logits.reshape(-1, len(characters)), windows[1:].reshape(-1)).item()
    print(json.dumps({"steps": options.steps, "threads": options.threads, "seconds": seconds, "nats": nats}))


if __name__ == "__main__":
    main()
