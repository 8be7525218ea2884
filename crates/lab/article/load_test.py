"""The article's load test (section 3.5): a pool of users, who start together and wait for each other.

Written from the article's text: a session, a pool of `concurrent` threads, and a delay of
concurrent / rate between two batches. The next batch begins once the last one is answered, so the
rate is what the answers leave of it. The article prints minimum, mean and maximum; with --json come the
percentiles that a comparison needs.
"""
import argparse
import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import requests


def make_request(session, url):
    began = time.perf_counter()
    try:
        answer = session.get(url, timeout=10)
        return time.perf_counter() - began, answer.status_code
    except requests.RequestException:
        return time.perf_counter() - began, None


def run_load_test(url, total_requests=None, rate=10, concurrent=1, duration=None):
    session = requests.Session()
    # As many connections as users: the default of ten would make some of them wait.
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=concurrent))
    times, codes = [], Counter()
    delay = concurrent / rate if rate > 0 else 0
    began = time.perf_counter()
    try:
        with ThreadPoolExecutor(max_workers=concurrent) as executor:
            while (duration is None or time.perf_counter() - began < duration) and (
                total_requests is None or len(times) < total_requests
            ):
                batch = time.perf_counter()
                for took, code in executor.map(lambda _: make_request(session, url), range(concurrent)):
                    times.append(took)
                    codes[code] += 1
                left = delay - (time.perf_counter() - batch)
                if left > 0:
                    time.sleep(left)
    except KeyboardInterrupt:
        pass
    return times, codes, time.perf_counter() - began


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", default="http://localhost:8000")
    parser.add_argument("--requests", type=int)
    parser.add_argument("--duration", type=float)
    parser.add_argument("--rate", type=float, default=10)
    parser.add_argument("--concurrent", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if asked.requests is None and asked.duration is None:
        parser.error("expected --requests or --duration")
    times, codes, elapsed = run_load_test(asked.url, asked.requests, asked.rate, asked.concurrent, asked.duration)
    times.sort()
    good = codes[200]
    if not asked.json:
        print(f"taxa efetiva: {len(times) / elapsed:.2f} req/s, sucesso: {100 * good / max(len(times), 1):.1f} %")
        print(f"tempo: min {times[0]:.3f} s, médio {sum(times) / len(times):.3f} s, max {times[-1]:.3f} s")
        print(f"códigos: {dict(codes)}")
        return
    at = lambda share: times[min(int(share * len(times)), len(times) - 1)] if times else None
    print(json.dumps({
        "requested_rate": asked.rate,
        "achieved_rate": len(times) / elapsed,
        "requests": len(times),
        "success": good / len(times) if times else None,
        "status": {str(code): count for code, count in codes.items()},
        "latency_seconds": {
            "min": at(0), "mean": sum(times) / len(times) if times else None, "p50": at(0.5), "p90": at(0.9),
            "p99": at(0.99), "p999": at(0.999), "max": times[-1] if times else None,
        },
    }))


if __name__ == "__main__":
    main()
