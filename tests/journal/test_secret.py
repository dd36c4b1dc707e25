from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from wfconsole.secret import MASK, Secret

CANARY = "canary-4711"


class Holder(msgspec.Struct):
    user: str
    password: Secret


LEAKS: list[Callable[[Any], object]] = [
    str,
    lambda secret: f"{secret}",
    lambda secret: f"{secret:>20}",
    lambda secret: "%s" % secret,  # noqa: UP031
    "{}".format,
    lambda secret: "x" + secret,
    lambda secret: "".join([secret]),
    print,
    pickle.dumps,
    copy.copy,
    copy.deepcopy,
    json.dumps,
    lambda secret: json.dumps(secret, default=str),
    msgspec.json.encode,
    msgspec.msgpack.encode,
    msgspec.to_builtins,
    lambda secret: msgspec.json.encode(Holder("kim", secret)),
    hash,
    bytes,
    iter,
    vars,
]


@pytest.mark.parametrize("leak", LEAKS)
def test_every_way_into_text_or_a_file_is_an_error_that_does_not_tell(leak: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError) as caught:
        leak(Secret(CANARY))
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_what_holds_one_can_be_shown() -> None:
    assert repr(Secret(CANARY)) == MASK
    assert repr(Holder("kim", Secret(CANARY))) == f"Holder(user='kim', password={MASK})"
    assert CANARY not in repr([Secret(CANARY)])
    assert f"{Secret(CANARY)!r}" == MASK


def test_a_logger_does_not_write_it(capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.Logger("test")
    logger.addHandler(logging.StreamHandler())
    logger.error("connecting with %s", Secret(CANARY))
    logger.error("connecting with %r", Secret(CANARY))
    captured = capsys.readouterr()
    assert CANARY not in captured.out + captured.err


def test_it_is_given_back_only_when_asked_for() -> None:
    assert Secret(CANARY).reveal() == CANARY


def test_two_can_be_compared_and_one_can_be_empty() -> None:
    assert Secret(CANARY) == Secret(CANARY)
    assert Secret(CANARY) != Secret("other")
    assert Secret(CANARY) != CANARY
    assert Secret("ä\udcff") == Secret("ä\udcff")
    assert Secret(CANARY)
    assert not Secret("")


def test_nobody_gets_at_it_through_its_attributes() -> None:
    assert not [
        name for name in dir(Secret(CANARY)) if getattr(Secret(CANARY), name, None) == CANARY and "_" not in name
    ]
    assert not hasattr(Secret(CANARY), "__dict__")
