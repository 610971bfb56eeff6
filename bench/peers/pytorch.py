"""One turn of PyTorch: the same request and the same messages as child.ts, the request as JSON on standard input."""
import base64
import json
import os
import re
import statistics
import sys
import time

import numpy
import torch

MESSAGES = os.fdopen(3, "w")
CHECKED_STEPS = 20
SLOW_RUN = 0.5
SAMPLES = 20
LEAST_WARMTH, MOST_WARMTH = 0.2, 2.0


def send(**message):
    MESSAGES.write(json.dumps(message) + "\n")
    MESSAGES.flush()


def uniform(seed, count):
    """mulberry32 over `count` numbers at once: its state only grows by a constant."""
    numbers = numpy.arange(1, count + 1, dtype=numpy.uint32)
    state = numpy.uint32(seed) + numbers * numpy.uint32(0x6D2B79F5)
    t = (state ^ (state >> numpy.uint32(15))) * (state | numpy.uint32(1))
    t ^= t + (t ^ (t >> numpy.uint32(7))) * (t | numpy.uint32(61))
    return (t ^ (t >> numpy.uint32(14))).astype(numpy.float64) / 4294967296


def draw(description):
    """An array of the case: float32 in [low, high), or whole numbers."""
    shape, low, high = description["shape"], description["low"], description["high"]
    values = uniform(description["seed"], int(numpy.prod(shape)))
    if description.get("whole"):
        return torch.tensor((numpy.floor((high - low) * values) + low).astype(numpy.int64).reshape(shape))
    return torch.tensor((low + (high - low) * values).astype(numpy.float32).reshape(shape))


def layer_of(work, state):
    layer = getattr(torch.nn, work["cell"])(work["inputSize"], work["hiddenSize"])
    layer.load_state_dict(state)
    return layer


def weights_of(inputs, prefix=""):
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    return {name: inputs[prefix + name] for name in names}


def matmul(work, inputs):
    weight = inputs["b"].T.contiguous()
    linear = lambda: torch.nn.functional.linear(inputs["a"], weight)
    run = linear if work["fixed"] else lambda: inputs["a"] @ inputs["b"]
    return run, lambda: [run()]


def apply_map(work, inputs):
    name = work["function"]
    function = torch.nn.functional.gelu if name == "gelu" else getattr(torch, name)
    run = lambda: function(inputs["x"])
    return run, lambda: [run()]


def stream(work, inputs):
    """The layer over sequences of one step: faster here than a cell."""
    layer = layer_of(work, weights_of(inputs))
    samples = list(inputs["x"].reshape(-1, 1, 1, work["inputSize"]))
    state, at = None, 0

    def push():
        nonlocal state, at
        output, state = layer(samples[at], state)
        at = (at + 1) % len(samples)
        return output

    return push, lambda: [push() for _ in range(CHECKED_STEPS)]


def sequence(work, inputs):
    layer = layer_of(work, weights_of(inputs))
    run = lambda: layer(inputs["x"])[0]
    return run, lambda: [run()]


class CharacterModel(torch.nn.Module):
    def __init__(self, work, inputs):
        super().__init__()
        self.embedding = torch.nn.Embedding(work["characters"], work["inputSize"])
        self.layer = layer_of(work, weights_of(inputs, "layer."))
        self.head = torch.nn.Linear(work["hiddenSize"], work["characters"])
        self.load_state_dict({name: value for name, value in inputs.items() if name != "text"})

    def forward(self, tokens):
        return self.head(self.layer(self.embedding(tokens))[0])


def training(work, inputs):
    text = inputs["text"]
    text[0] = text[-1] = 0
    tokens, targets = text[:-1].contiguous(), text[1:].reshape(-1)
    model = CharacterModel(work, inputs)
    optimizer = getattr(torch.optim, work["optimizer"])(model.parameters(), lr=work["learningRate"])

    def step():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(tokens).reshape(-1, work["characters"]), targets)
        loss.backward()
        optimizer.step()
        return loss

    def result():
        loss = step().detach().reshape(1)
        learned = [value for name, value in model.named_parameters() if not name.startswith("layer.bias")]
        return [loss, *learned]

    return step, result


KINDS = {"matmul": matmul, "map": apply_map, "stream": stream, "sequence": sequence, "training": training}


def seconds_of(run, times):
    started = time.perf_counter()
    for _ in range(times):
        run()
    return time.perf_counter() - started


def warm(run, length):
    """As timing.ts has it."""
    times, best, best_at, spent = 1, float("inf"), 0.0, 0.0
    while spent < LEAST_WARMTH or (spent < MOST_WARMTH and spent - best_at < max(LEAST_WARMTH / 2, spent / 3)):
        last = seconds_of(run, times)
        spent += last
        if last / times < 0.97 * best:
            best, best_at = last / times, spent
        if last < length:
            times *= 2
    return max(1, round(length / best))


def timed(run, seconds):
    """As timing.ts has it."""
    first = seconds_of(run, 1)
    if first > SLOW_RUN:
        return first, 1
    times = warm(run, seconds / SAMPLES)
    samples, left = [], seconds
    while left > 0 or len(samples) < 3:
        sample = seconds_of(run, times)
        samples.append(sample / times)
        left -= sample
    return statistics.median(samples), times * len(samples)


def linear_algebra():
    """The BLAS that is loaded, by its file's real name."""
    found = set()
    for line in open("/proc/self/maps"):
        match = re.search(r"\S*/lib(?:openblas|blas|mkl_rt|blis)[^/\s]*\.so[^/\s]*", line)
        if match:
            found.add(os.path.realpath(match.group(0)))
    names = sorted(os.path.join(os.path.basename(os.path.dirname(path)), os.path.basename(path)) for path in found)
    return ", ".join(names) or "unknown BLAS"


def encoded(array):
    return base64.b64encode(array.detach().contiguous().numpy().astype("<f4").tobytes()).decode()


def take(case, request):
    inputs = {name: draw(description) for name, description in case["inputs"].items()}
    work = case["work"]
    run, result = KINDS[work["kind"]](work, inputs)
    with torch.set_grad_enabled(work["kind"] == "training"):
        arrays = result()
        if request["check"]:
            send(kind="result", case=case["name"], arrays=[encoded(array) for array in arrays])
        if request["seconds"] > 0:
            seconds, runs = timed(run, request["seconds"])
            send(kind="timing", case=case["name"], seconds=seconds, runs=runs)


def main():
    request = json.load(sys.stdin)
    torch.set_num_threads(request["threads"])
    torch.ones(64, 64) @ torch.ones(64, 64)
    send(kind="started", version=torch.__version__, details=linear_algebra())
    for case in request["cases"]:
        try:
            take(case, request)
        except Exception as error:  # a case that fails must not take the others along
            send(kind="refusal", case=case["name"], reason=f"failed: {error}"[:200])


if __name__ == "__main__":
    main()
