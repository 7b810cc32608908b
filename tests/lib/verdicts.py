"""What every runner of tests in Python does alike: chooses, runs, tells, counts."""

import signal
import sys
import time
import traceback


def end_tidily():
    """What was started is ended when the runner is told to end, too."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def wanted(tests, words):
    """The tests whose names contain one of the words; all, where there is no word."""
    return [test for test in tests if not words or any(word in test.__name__ for word in words)]


def run(tests, *given):
    """Calls each test with what is given. The names of those that failed."""
    return [test.__name__ for test in tests if not passed(test.__name__.replace("_", " "), lambda test=test: test(*given))]


def passed(name, test):
    """Runs one and tells how it went: a check that failed in its own words, anything else as it came."""
    began = time.monotonic()
    try:
        test()
        verdict = "ok"
    except AssertionError as found:
        verdict = f"FAILED\n    {str(found) or traceback.format_exc()}\n"
    except Exception:
        verdict = f"FAILED\n{traceback.format_exc()}"
    print(f"{time.monotonic() - began:6.1f} s  {name}: {verdict}", flush=True)
    return verdict == "ok"


def summary(number, failed):
    """Tells the result of `number` tests. The exit code: that none ran is a failure."""
    print(f"{number - len(failed)} of {number} passed", *failed, sep="\n    failed: ")
    return 1 if failed or not number else 0
