# The official Python SDK, used as in its documentation; src/lib.rs describes the
# messages.
import json
import os
import platform
import ssl
import sys
import time
from importlib.metadata import version

from qstash import Receiver
from qstash.errors import SignatureError

receiver = Receiver(
    current_signing_key=os.environ["QSTASH_CURRENT_SIGNING_KEY"],
    next_signing_key=os.environ["QSTASH_NEXT_SIGNING_KEY"],
)


def measure(delivery, repeats):
    signature, body, url = delivery["token"], delivery["body"], delivery["url"]
    start = time.perf_counter_ns()
    for _ in range(repeats):
        # It returns None or raises.
        receiver.verify(signature=signature, body=body, url=url)
    return (time.perf_counter_ns() - start) / 1e9


def check(delivery):
    try:
        measure(delivery, 1)
    except SignatureError as refused:
        return str(refused)


def answer(message):
    print(json.dumps(message), flush=True)


parts = [f"{name} {version(name)}" for name in ("qstash", "PyJWT")]
openssl = ssl.OPENSSL_VERSION.split()[1]
answer({"parts": ", ".join([*parts, f"Python {platform.python_version()}", f"OpenSSL {openssl}"])})

deliveries = []
for line in sys.stdin:
    message = json.loads(line)
    if "repeats" in message:
        answer({"seconds": measure(deliveries[message["delivery"]], message["repeats"])})
    else:
        deliveries.append(message)
        answer({"refused": check(message)})
