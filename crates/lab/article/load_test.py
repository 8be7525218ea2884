"""The article's load test (section 3.5), written anew from its description.

It sends a batch of `concurrent` requests, waits for all of them, and begins the next batch
`concurrent / rate` seconds after the last one began, or at once where the batch took longer. So a
batch cannot be faster than its slowest answer, and the asked rate is often not reached.
"""
import argparse
import collections
import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor

import requests

logging.basicConfig(level=logging.INFO, format="%(message)s")
# More threads than its pool has connections: it says so for each of them.
logging.getLogger("urllib3").setLevel(logging.ERROR)
logger = logging.getLogger("load_test")


def make_request(session, url):
    began = time.time()
    try:
        status = session.get(url, timeout=10).status_code
    except requests.RequestException as error:
        logger.debug("%s", error)
        status = 0
    return status, time.time() - began


def run_load_test(url, total_requests=None, rate=10, concurrent=1, duration=None):
    """Returns the results of all requests, and how long it took."""
    session = requests.Session()
    results = []
    start_time = time.time()
    delay = concurrent / rate if rate > 0 else 0
    try:
        with ThreadPoolExecutor(max_workers=concurrent) as executor:
            while True:
                batch_began = time.time()
                if duration is not None and batch_began - start_time >= duration:
                    break
                left = concurrent if total_requests is None else min(concurrent, total_requests - len(results))
                if left <= 0:
                    break
                futures = [executor.submit(make_request, session, url) for _ in range(left)]
                results.extend(future.result() for future in futures)
                time.sleep(max(0.0, delay - (time.time() - batch_began)))
    except KeyboardInterrupt:
        logger.info("Load test interrupted by user")
    return results, time.time() - start_time


def summary(results, seconds):
    """The article reports minimum, mean and maximum; percentiles are ours, since a mean hides the tail."""
    times = sorted(took for _, took in results)
    ok = sum(1 for status, _ in results if 200 <= status < 400)

    def quantile(share):
        return times[min(len(times) - 1, int(share * len(times)))] if times else None

    return {
        "requests": len(results),
        "ok": ok,
        "seconds": seconds,
        "rate": len(results) / seconds if seconds > 0 else 0.0,
        "status": dict(collections.Counter(str(status) for status, _ in results)),
        "latency_seconds": {
            "min": times[0] if times else None,
            "mean": sum(times) / len(times) if times else None,
            "p50": quantile(0.5),
            "p90": quantile(0.9),
            "p99": quantile(0.99),
            "p999": quantile(0.999),
            "max": times[-1] if times else None,
        },
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", default="http://localhost:8000")
    parser.add_argument("--requests", type=int, help="how many requests in all")
    parser.add_argument("--duration", type=float, help="seconds, in place of a number of requests")
    parser.add_argument("--rate", type=float, default=10)
    parser.add_argument("--concurrent", type=int, default=1)
    parser.add_argument("--json", metavar="FILE", help="write the result there, too")
    options = parser.parse_args()
    total = options.requests if options.requests or options.duration else 100
    results, seconds = run_load_test(options.url, total, options.rate, options.concurrent, options.duration)
    result = summary(results, seconds)
    times = result["latency_seconds"]
    share = 100 * result["ok"] / max(1, result["requests"])
    logger.info("%d requests in %.1f s: %.1f/s of %g/s", result["requests"], seconds, result["rate"], options.rate)
    if results:
        logger.info("min %.3f s, mean %.3f s, max %.3f s", times["min"], times["mean"], times["max"])
    logger.info("success %.2f %%, status %s", share, result["status"])
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(result, file)


if __name__ == "__main__":
    main()
