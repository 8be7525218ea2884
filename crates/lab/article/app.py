"""The article's API (section 4.1), for measuring ours beside it.

WORK=0 takes the simulated work out, INSTRUMENTS=0 everything that measures: counter, summary, middleware, thread.
"""
import os
import random
import threading
import time

import psutil
from fastapi import FastAPI, Request
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, Summary, generate_latest
from starlette.responses import Response

app = FastAPI()
WORK = os.environ.get("WORK") != "0"
INSTRUMENTS = os.environ.get("INSTRUMENTS") != "0"
REQUEST_COUNT = Counter("app_requests_total", "Total de requisições recebidas")
REQUEST_TIME = Summary("app_request_processing_seconds", "Tempo de processamento das requisições")
REQUEST_DURATION = Histogram(
    "http_request_duration_seconds",
    "Histogram of request processing time (seconds)",
    buckets=[0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
)
CPU_PERCENT = Gauge("app_cpu_percent", "Percentual de uso de CPU pela aplicação")
MEMORY_USAGE = Gauge("app_memory_bytes", "Uso de memória pela aplicação em bytes")


def collect_metrics():
    while True:
        process = psutil.Process()
        CPU_PERCENT.set(process.cpu_percent())
        MEMORY_USAGE.set(process.memory_info().rss)
        time.sleep(1)


def work():
    if WORK:
        time.sleep(random.uniform(0.1, 0.5))
    return {"message": "Olá, mundo!"}


if INSTRUMENTS:
    threading.Thread(target=collect_metrics, daemon=True).start()

    @app.middleware("http")
    async def monitor_requests(request: Request, call_next):
        start_time = time.time()
        response = await call_next(request)
        REQUEST_DURATION.observe(time.time() - start_time)
        return response

    @app.get("/")
    def hello():
        REQUEST_COUNT.inc()
        with REQUEST_TIME.time():
            return work()
else:

    @app.get("/")
    def hello():
        return work()


@app.get("/metrics")
def metrics():
    return Response(content=generate_latest(), media_type=CONTENT_TYPE_LATEST)
