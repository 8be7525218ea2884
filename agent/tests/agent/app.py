"""Serves one counter at a port. Told to stop, it counts a thousand more and is gone ten milliseconds later: on a
machine that has no time for anybody, as much later as it takes itself to be asked five times.

With a file as its second argument it does not answer while it ends, and leaves its page there.
SIGUSR1 makes it count no more.
"""
import http.server, os, signal, socket, sys, threading, time
count, stopped = 0, False
def page():
    return f"# TYPE c counter\nc {count}\n"
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = page().encode()
        self.send_response(200)
        self.send_header("content-type", "text/plain; version=0.0.4")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Page)
threading.Thread(target=server.serve_forever, daemon=True).start()
def ask():
    with socket.create_connection(server.server_address) as asked:
        asked.sendall(b"GET / HTTP/1.0\r\n\r\n")
        while asked.recv(4096):
            pass
def stop(number, _):
    global stopped
    stopped = True
    print("stopped", flush=True)
def end(number, _):
    global count
    file = sys.argv[2] if len(sys.argv) > 2 else None
    if file:
        server.socket.close()
    if not stopped:
        count += 1000
    gone = time.monotonic() + 0.01
    if not file:
        for _ in range(5):
            ask()
    if time.monotonic() > gone:
        print("late", flush=True)
    time.sleep(max(0, gone - time.monotonic()))
    if file:
        with open(file + ".new", "w") as new:
            new.write(page())
        os.rename(file + ".new", file)
    print(f"final {count}", flush=True)
    os._exit(7)
signal.signal(signal.SIGUSR1, stop)
signal.signal(signal.SIGTERM, end)
signal.signal(signal.SIGINT, end)
print("ready", flush=True)
while True:
    if not stopped:
        count += 1
    time.sleep(0.001)
