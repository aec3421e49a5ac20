"""Verifies deliveries with the official Python SDK: one delivery per line on stdin, one
verdict per line on stdout. The first output line names the SDK's version."""

import datetime
import importlib.metadata
import json
import platform
import sys
import warnings

import jwt.api_jwt
from qstash import Receiver

# PyJWT warns of keys with fewer than 32 characters; QStash's keys may be shorter.
warnings.simplefilter("ignore")

now_ms = 0


class PinnedDatetime(datetime.datetime):
    """The only clock that the SDK and PyJWT read."""

    @classmethod
    def now(cls, tz=None):
        return cls(1970, 1, 1, tzinfo=tz) + datetime.timedelta(milliseconds=now_ms)


jwt.api_jwt.datetime = PinnedDatetime


def tolerance_has_effect():
    """qstash 3.4.0 passes `clock_tolerance` under a name that PyJWT ignores."""
    global now_ms
    now_ms = 1_000_000_000_000
    # SHA-256 of "", in base64url.
    body = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
    claims = {"iss": "Upstash", "sub": "x", "exp": 999_999_999, "nbf": 0, "body": body}
    token = jwt.encode(claims, "sig_a", algorithm="HS256")
    receiver = Receiver("sig_a", "sig_b")

    def accepted(**options):
        try:
            receiver.verify(signature=token, body="", **options)
        except Exception:
            return False
        return True

    now_ms = 999_999_998_000
    assert accepted(), "a genuine delivery is refused: check that the SDK reads PinnedDatetime"
    now_ms = 1_000_000_000_000
    assert not accepted()
    return accepted(clock_tolerance=60)


TOLERANT = tolerance_has_effect()


def verify(delivery):
    def not_applicable(reason):
        return {"verdict": "not applicable", "reason": reason}

    global now_ms
    env = delivery["env"]
    if delivery["body"] is None:
        return not_applicable("it accepts only text bodies")
    if delivery["tolerance"] and not TOLERANT:
        return not_applicable("its tolerance has no effect")
    if delivery["explicit"]:
        keys = delivery["explicit"]
    elif env.get("QSTASH_REGION"):
        return not_applicable("it doesn't support regions")
    else:
        # As the SDK's documentation does.
        names = ["QSTASH_CURRENT_SIGNING_KEY", "QSTASH_NEXT_SIGNING_KEY"]
        keys = [env.get(name) for name in names]
        if not all(keys):
            return not_applicable("there is no complete key pair")
    now_ms = delivery["at_ms"]
    try:
        Receiver(*keys).verify(
            signature=delivery["signature"],
            body=delivery["body"],
            url=delivery["url"],
            clock_tolerance=delivery["tolerance"],
        )
    # Missing claims raise a KeyError.
    except Exception as error:
        return {"verdict": "refused", "error": f"{type(error).__name__}: {error}"}
    return {"verdict": "accepted"}


def answer(value):
    sys.stdout.write(json.dumps(value) + "\n")


names = ["qstash", "PyJWT"]
versions = [f"{name} {importlib.metadata.version(name)}" for name in names]
answer({"sdk": ", ".join([*versions, f"Python {platform.python_version()}"])})
for line in sys.stdin.buffer:
    answer(verify(json.loads(line)))
