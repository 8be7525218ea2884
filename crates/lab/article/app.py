"""The article's API (section 4.1), for measuring ours beside it.

WORK=0 takes the simulated work out, INSTRUMENTS=0 everything that measures.
"""
import os
import random
import threading
import time

from fastapi import FastAPI, Request
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, Summary, generate_latest
from starlette.responses import Response

app = FastAPI()
WORK = os.environ.get("WORK") != "0"
INSTRUMENTS = os.environ.get("INSTRUMENTS") != "0"


def work():
    if WORK:
        time.sleep(random.uniform(0.1, 0.5))
    return {"message": "Olá, mundo!"}


@app.get("/metrics")
def metrics():
    return Response(content=generate_latest(), media_type=CONTENT_TYPE_LATEST)


if not INSTRUMENTS:

    @app.get("/")
    def bare_hello():
        return work()

else:
    import psutil

    REQUEST_COUNT = Counter("app_requests_total", "Total de requisições recebidas")
    REQUEST_TIME = Summary("app_request_processing_seconds", "Tempo de processamento das requisições")
    REQUEST_DURATION = Histogram(
        "http_request_duration_seconds",
        "Histogram of request processing time (seconds)",
        buckets=[0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
    )
    CPU_PERCENT = Gauge("app_cpu_percent", "Percentual de uso de CPU pela aplicação")
    MEMORY_USAGE = Gauge("app_memory_bytes", "Uso de memória pela aplicação em bytes")
    MEMORY_PERCENT = Gauge("app_memory_percent", "Percentual de uso de memória pela aplicação")
    SYSTEM_CPU_PERCENT = Gauge("system_cpu_percent", "Percentual de uso de CPU do sistema")
    SYSTEM_MEMORY_PERCENT = Gauge("system_memory_percent", "Percentual de uso de memória do sistema")
    DISK_USAGE_BYTES = Gauge("system_disk_usage_bytes", "Uso de disco em bytes")
    DISK_FREE_BYTES = Gauge("system_disk_free_bytes", "Espaço em disco livre em bytes")
    DISK_TOTAL_BYTES = Gauge("system_disk_total_bytes", "Espaço total em disco em bytes")
    DISK_USAGE_PERCENT = Gauge("system_disk_usage_percent", "Percentual de uso de disco")
    DISK_FREE_PERCENT = Gauge("system_disk_free_percent", "Percentual de espaço livre em disco")

    def collect_metrics():
        while True:
            process = psutil.Process()
            CPU_PERCENT.set(process.cpu_percent())
            SYSTEM_CPU_PERCENT.set(psutil.cpu_percent())
            MEMORY_USAGE.set(process.memory_info().rss)
            MEMORY_PERCENT.set(process.memory_percent())
            SYSTEM_MEMORY_PERCENT.set(psutil.virtual_memory().percent)
            disk = psutil.disk_usage("/")
            DISK_USAGE_BYTES.set(disk.used)
            DISK_FREE_BYTES.set(disk.free)
            DISK_TOTAL_BYTES.set(disk.total)
            DISK_USAGE_PERCENT.set(disk.percent)
            DISK_FREE_PERCENT.set(100 - disk.percent)
            time.sleep(1)

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
