"""Prints random signals and their orthonormal DCT-II, by NumPy's FFT of the mirrored signal, as JSON."""

import json
import sys

import numpy as np


def dct(signals):
    length = signals.shape[0]
    spectrum = np.fft.fft(np.concatenate([signals, signals[::-1]]), axis=0)[:length]
    shift = np.exp(-0.5j * np.pi * np.arange(length) / length)[:, None]
    coefficients = (spectrum * shift).real / 2
    coefficients[0] *= np.sqrt(1 / length)
    coefficients[1:] *= np.sqrt(2 / length)
    return coefficients


random = np.random.default_rng(0)
cases = []
for length, columns in [(1, 3), (2, 1), (7, 2), (16, 4), (50, 14)]:
    signals = random.uniform(-1, 1, (length, columns)).astype(np.float32)
    cases.append(
        {
            "length": length,
            "columns": columns,
            "samples": signals.ravel().tolist(),
            "coefficients": dct(signals.astype(np.float64)).ravel().tolist(),
        }
    )
json.dump(cases, sys.stdout)
