"""Kubernetes' notations for quantities and instants, as plain integers."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final

from wfconsole.clock import Millis

# https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
_FACTORS: Final = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "k": Decimal(10**3),
    "M": Decimal(10**6),
    "G": Decimal(10**9),
    "T": Decimal(10**12),
    "P": Decimal(10**15),
    "E": Decimal(10**18),
    "Ki": Decimal(2**10),
    "Mi": Decimal(2**20),
    "Gi": Decimal(2**30),
    "Ti": Decimal(2**40),
    "Pi": Decimal(2**50),
    "Ei": Decimal(2**60),
}
# No machine has 256 TiB of memory or 2^48 millicores; what says so is bounded, so that sums stay below 64 bits.
_MOST: Final = 2**48
_FAR: Final = Decimal(2**70)


@lru_cache(maxsize=4096)
def quantity(text: str) -> Decimal:
    """The number that a quantity stands for; 0 for what is none. "250m" is 0.25, "1Gi" is 1073741824."""
    digits = text.rstrip("numkKMGTPEi")
    suffix = text[len(digits) :]
    if suffix == "E" and not digits:
        return Decimal(0)
    try:
        value = Decimal(digits) * _FACTORS[suffix] if suffix else Decimal(digits)
    except (InvalidOperation, KeyError):
        return Decimal(0)
    return max(-_FAR, min(_FAR, value)) if value.is_finite() else Decimal(0)


@lru_cache(maxsize=4096)
def millicores(text: str) -> int:
    """CPU in thousandths of a core, rounded up as kubectl does."""
    return _bounded(quantity(text) * 1000, math.ceil)


@lru_cache(maxsize=4096)
def amount(text: str) -> int:
    """Bytes or a count; fractions are cut."""
    return _bounded(quantity(text), int)


def _bounded(value: Decimal, whole: Callable[[Decimal], int]) -> int:
    return whole(max(Decimal(-_MOST), min(Decimal(_MOST), value)))


@lru_cache(maxsize=8192)
def instant(text: str | None) -> Millis:
    """RFC 3339 as an instant; 0 for nothing, null, or what is none."""
    if not text:
        return 0
    try:
        return int(dt.datetime.fromisoformat(text).timestamp() * 1000)
    except (ValueError, OverflowError):
        return 0


def is_gpu(resource: str) -> bool:
    """Whether an extended resource counts whole GPUs or slices of one.

    NVIDIA (nvidia.com/gpu, nvidia.com/gpu.shared, nvidia.com/mig-1g.5gb), AMD (amd.com/gpu), Intel (gpu.intel.com/i915
    and /xe): the device plugins' names.
    """
    vendor, slash, name = resource.partition("/")
    if not slash or vendor.startswith("requests."):
        return False
    return (
        name in ("gpu", "gpu.shared")
        or name.startswith("mig-")
        or (vendor == "gpu.intel.com" and name in ("i915", "xe"))
    )
