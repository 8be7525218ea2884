"""Serves one counter. Told to stop, it counts a thousand more and is gone ten milliseconds later."""
import http.server, os, signal, sys, threading, time
count = 0
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"# TYPE c counter\nc {count}\n".encode()
        self.send_response(200)
        self.send_header("content-type", "text/plain; version=0.0.4")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Page)
threading.Thread(target=server.serve_forever, daemon=True).start()
def end(number, _):
    global count
    count += 1000
    time.sleep(0.01)
    print(f"final {count}", flush=True)
    os._exit(7)
signal.signal(signal.SIGTERM, end)
signal.signal(signal.SIGINT, end)
print("ready", flush=True)
while True:
    count += 1
    time.sleep(0.001)
