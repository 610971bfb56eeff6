#!/usr/bin/env python3
"""Make test/fixtures/audio.safetensors: log-mel spectrograms and MFCCs of torchaudio, for this library to be compared with.

    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE /usr/bin/python3 scripts/make-audio-fixtures.py [../shared/data]

Needs PyTorch 1.13 and torchaudio 0.13 (Debian 12: python3-torchaudio). All arithmetic in float64, stored as float32. Made-up
sounds are stored with what is made of them; of the spoken digits only the features are, in the cases named after the files.
"""

import sys
import wave
from pathlib import Path

sys.dont_write_bytecode = True

import numpy  # noqa: E402
import torch  # noqa: E402
import torchaudio  # noqa: E402
from fixtures.store import Case, encode  # noqa: E402

DATA = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data") / "speech/fsdd"
SPEAKERS = ["george", "jackson", "lucas", "nicolas", "theo", "yweweler"]

# Rates are even: torchaudio rounds half of an odd one down before it places the frequencies.
VARIANTS = {
    "default": {"sampleRate": 8000},
    "slaney": {
        **{"sampleRate": 22050, "windowLength": 2048, "hopLength": 512, "fftSize": 2048},
        **{"scale": "slaney", "equalArea": True, "bands": 64},
    },
    "natural": {"sampleRate": 16000, "logarithm": "natural", "bands": 23, "lowest": 20, "highest": 7600},
    "odd sizes": {"sampleRate": 12000, "windowLength": 301, "hopLength": 97, "fftSize": 1024, "bands": 17},
    "window fills the spectrum": {"sampleRate": 8000, "windowLength": 256, "hopLength": 128, "fftSize": 256, "bands": 20},
}


def arguments(options):
    """The options in torchaudio's words, with this library's defaults."""
    rate = options["sampleRate"]
    window = options.get("windowLength", round(rate * 0.025))
    return {
        "n_fft": options.get("fftSize", 1 << (window - 1).bit_length()),
        "win_length": window,
        "hop_length": options.get("hopLength", round(rate * 0.01)),
        "n_mels": options.get("bands", 40),
        "f_min": float(options.get("lowest", 0)),
        "f_max": float(options.get("highest", rate / 2)),
        "mel_scale": options.get("scale", "htk"),
        "norm": "slaney" if options.get("equalArea") else None,
    }


def features(case, samples, options, coefficients):
    rate = options["sampleRate"]
    natural = options.get("logarithm") == "natural"
    mel = torchaudio.transforms.MelSpectrogram(rate, **arguments(options))(samples)
    logs = torch.log(mel + 1e-6) if natural else torchaudio.transforms.AmplitudeToDB("power", 80.0)(mel)
    cepstrum = torchaudio.transforms.MFCC(rate, coefficients, log_mels=natural, melkwargs=arguments(options))(samples)
    case.put("logMel", logs.T.contiguous())
    case.put("mfcc", cepstrum.T.contiguous())
    return case


def cases():
    for name, options in VARIANTS.items():
        case = Case(name, options)
        time = numpy.arange(3001) / options["sampleRate"]
        chirp = numpy.sin(2 * numpy.pi * (200 * time + 4000 * time**2)) * numpy.linspace(0, 0.8, time.size)
        samples = case.given("samples", chirp + case._random.normal(0, 0.01, time.size))
        yield features(case, samples.detach(), options, 13)
    for digit in range(10):
        path = DATA / f"{digit}_{SPEAKERS[digit % 6]}_{digit}.wav"
        with wave.open(str(path)) as sound:
            assert (sound.getnchannels(), sound.getsampwidth()) == (1, 2)
            samples = numpy.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2") / 2**15
            options = {"sampleRate": sound.getframerate()}
        yield features(Case(path.name, options), torch.as_tensor(samples), options, 13)


torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
target = Path(__file__).resolve().parent.parent / "test/fixtures/audio.safetensors"
made = encode(list(cases()), made_with=f"torchaudio {torchaudio.__version__}, float64 arithmetic, stored as float32")
target.write_bytes(made)
print(f"{target.name} {len(made)} bytes")
