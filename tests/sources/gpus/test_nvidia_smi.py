"""What nvidia-smi prints, on cards and drivers of all kinds, well and not."""

from __future__ import annotations

import pytest

from wfconsole.observations.gpus import GpuProcess, GpuRow, judge_gpu, mean_utilization
from wfconsole.observations.levels import Level
from wfconsole.sources.kubernetes.exec import Ran
from wfconsole.sources.kubernetes.nvidia_smi import (
    MOST_CARDS,
    MOST_PROCESSES,
    cards_command,
    node_rows,
    wants_short,
)
from wfconsole.text import is_safe

MIB = 1 << 20

WELL = """\
0, GPU-5a1c9c3e-0f5e-4c68-9d3b-6c2f1a7e0b11, NVIDIA H100 80GB HBM3, 97, 71234, 81559, 63, 612.40, 0, Disabled
1, GPU-77d0be44-9f0b-44d2-8e0e-2f1f3a0c9d22, NVIDIA H100 80GB HBM3, 0, 0, 81559, 34, 71.02, 0, Disabled
"""
# Partitioned: the use of the whole card is not measured. A workstation card has no ECC, a passive one no sensor.
PARTITIONED = """\
0, GPU-1, NVIDIA A100-SXM4-80GB, [N/A], 45056, 81920, 48, 210.11, 0, Enabled
"""
UNTOLD = """\
0, GPU-1, NVIDIA GeForce RTX 3090, 12, 900, 24576, 51, [N/A], [N/A], [N/A]
1, GPU-2, Tesla P4, [Not Supported], [Insufficient Permissions], [Unknown Error], ERR!, N/A, [Not Supported], [N/A]
"""
LOST = """\
0, GPU-1, NVIDIA H100 80GB HBM3, 12, 900, 81559, 51, 300.00, 0, Disabled
Unable to determine the device handle for GPU1: 0000:3B:00.0: GPU is lost.  Reboot the system to recover this GPU
"""
NO_DRIVER = (
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. "
    "Make sure that the latest NVIDIA driver is installed and running.\n\n"
)


def ran(output: str | bytes, exit_code: int | None = 0, errors: str = "", problem: str = "") -> Ran:
    return Ran(output.encode() if isinstance(output, str) else output, errors.encode(), exit_code, problem)


def rows(output: str | bytes, exit_code: int | None = 0, processes: str = "", **more: str) -> dict[str, GpuRow]:
    return node_rows("gpu-1", ran(output, exit_code, **more), ran(processes), short=False)


def test_each_card_is_a_row_in_the_units_of_the_console() -> None:
    found = rows(WELL)
    assert set(found) == {"gpu-1/0", "gpu-1/1"}
    busy, idle = found["gpu-1/0"], found["gpu-1/1"]
    assert (busy.model, busy.utilization, busy.temperature, busy.power) == ("NVIDIA H100 80GB HBM3", 0.97, 63.0, 612.4)
    assert (busy.memory_used, busy.memory_total, busy.ecc_errors) == (71234 * MIB, 81559 * MIB, 0)
    assert (idle.utilization, idle.memory_used) == (0.0, 0), "idle is zero, and known"
    assert {row.told_by for row in found.values()} == {"nvidia-smi"}


def test_what_is_not_told_is_none_and_never_zero() -> None:
    workstation, passive = rows(UNTOLD).values()
    assert (workstation.utilization, workstation.power, workstation.ecc_errors) == (0.12, None, None)
    told = (passive.utilization, passive.memory_used, passive.memory_total, passive.temperature, passive.power)
    assert told == (None,) * 5
    assert judge_gpu(passive, 0).kind == "unknown", "not called well"
    assert mean_utilization([workstation, passive]) == 0.12


def test_a_partitioned_card_says_so_and_not_that_it_is_idle() -> None:
    (row,) = rows(PARTITIONED).values()
    assert (row.mig, row.utilization, row.memory_used) == (True, None, 45056 * MIB)


def test_an_older_driver_is_asked_for_less() -> None:
    refused = ran('Field "mig.mode.current" is not a valid field to query.\n', 2)
    assert wants_short(refused)
    assert not wants_short(ran(WELL))
    assert "mig.mode.current" in cards_command(short=False)[1]
    assert "mig.mode.current" not in cards_command(short=True)[1]
    old = node_rows("gpu-1", ran("0, GPU-1, Tesla K80, 5, 11, 11441, 40, 60.1\n"), None, short=True)
    assert (old["gpu-1/0"].utilization, old["gpu-1/0"].power, old["gpu-1/0"].mig) == (0.05, 60.1, False)


@pytest.mark.parametrize(
    ("output", "code", "errors", "said"),
    [
        (NO_DRIVER, 9, "", "exit code 9: NVIDIA-SMI has failed because it couldn't communicate"),
        ("No devices were found\n", 6, "", "exit code 6: No devices were found"),
        ("No devices were found\n", 0, "", "No devices were found"),
        ("", 0, "", "nvidia-smi prints nothing"),
        ("", 12, "NVIDIA-SMI couldn't find libnvidia-ml.so library", "exit code 12: NVIDIA-SMI couldn't find"),
        ("", 255, "", "exit code 255"),
        ("0, GPU-1, cut", 0, "", "0, GPU-1, cut"),
        ("Failed to initialize NVML: Driver/library version mismatch\n", 18, "", "exit code 18: Failed to initialize"),
    ],
)  # fmt: skip
def test_what_it_says_instead_of_cards_is_a_finding(output: str, code: int, errors: str, said: str) -> None:
    (row,) = rows(output, code, errors=errors).values()
    assert row.problem.startswith(said)
    finding = judge_gpu(row, 0)
    assert (finding.level, finding.kind, finding.reason) == (Level.WARNING, "driver", row.problem)
    assert (row.gpu, row.utilization, row.memory_used, row.temperature) == ("", None, None, None)


def test_a_lost_card_is_a_finding_beside_those_that_are_there() -> None:
    found = rows(LOST, 15)
    assert set(found) == {"gpu-1/0", "gpu-1/"}
    assert found["gpu-1/"].problem.startswith("exit code 15: Unable to determine the device handle for GPU1")


def test_an_end_that_the_server_tells_in_words_only_is_told_in_these_words() -> None:
    (row,) = rows("", None, problem="the runtime went away").values()
    assert row.problem == "the runtime went away"


def test_programs_belong_to_their_card_those_with_the_most_memory_first() -> None:
    said = "GPU-1, 10, python, 100\nGPU-1, 11, /opt/a, b, c, 300\nGPU-1, 12, [N/A], [N/A]\nGPU-2, 13, other, 1\n"
    (row,) = rows(PARTITIONED, processes=said).values()
    assert row.processes == (
        GpuProcess(11, "/opt/a, b, c", 300 * MIB),
        GpuProcess(10, "python", 100 * MIB),
        GpuProcess(12, "", None),
    )


def test_names_that_are_attacks_stay_names() -> None:
    evil = "\x1b]52;c;ZXZpbA==\x07[/] [red]\u202e\u200b"
    said = f"GPU-1, 1, {evil}, 5\nGPU-1, x, y, 5\nGPU-1, 2\n, , , \n" + "GPU-1, 3, " + "A" * 100_000 + ", 4\n"
    (row,) = rows(PARTITIONED.replace("NVIDIA A100-SXM4-80GB", f"NVIDIA, {evil}"), processes=said).values()
    assert [each.pid for each in row.processes] == [1, 3]
    assert all(is_safe(each.name) and len(each.name) < 300 for each in row.processes)
    assert is_safe(row.model)
    assert row.model.startswith("NVIDIA, ")
    (complaint,) = rows(f"{evil}\n" * 1000, 1).values()
    assert is_safe(complaint.problem)
    assert len(complaint.problem) < 300


def test_a_great_many_cards_and_programs_are_bounded() -> None:
    cards = "".join(f"{number}, GPU-1, X, 1, 1, 2, 3, 4, 0, Disabled\n" for number in range(5000))
    programs = "".join(f"GPU-1, {number}, p, {number}\n" for number in range(5000))
    found = rows(cards, processes=programs)
    assert len(found) == MOST_CARDS
    assert [each.pid for each in found["gpu-1/0"].processes] == list(range(4999, 4999 - MOST_PROCESSES, -1))


@pytest.mark.parametrize("value", ["1e400", "nan", "inf", "0x10", "1_0", "٣", "--", "1 2", "9" * 40, ""])
def test_what_only_looks_like_a_number_is_none(value: str) -> None:
    (row,) = rows(PARTITIONED.replace("[N/A]", value)).values()
    assert row.utilization is None


def test_bytes_that_are_no_text_do_not_harm() -> None:
    (row,) = rows(b"\xff\xfe\x00\x9b31m" * 100, 1).values()
    assert is_safe(row.problem)
