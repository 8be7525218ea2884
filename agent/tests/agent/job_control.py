"""An interactive bash on a terminal of its own, to which this types; ends with 1 and all that was said where an
answer does not come. Arguments: the agent's program, its settings file."""
import atexit, os, pty, select, signal, sys, time

agent, config = sys.argv[1:]
run = f"{agent} exec --config {config} --"
pid, terminal = pty.fork()
if pid == 0:
    os.environ["PS1"] = "prompt$ "
    os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
said, read = "", 0

def processes(command=""):
    """States of those of this terminal with this in their command lines, by their ids (proc(5))."""
    found = {}
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            line = open(f"/proc/{process}/cmdline").read()
            stat = open(f"/proc/{process}/stat").read().rsplit(")", 1)[1].split()
            if command in line and int(stat[3]) == pid:
                found[int(process)] = stat[0]
        except OSError:
            pass
    return found

def end():
    for process in processes():
        try:
            os.kill(process, signal.SIGKILL)
        except OSError:
            pass

atexit.register(end)

def fail(what):
    print(f"{what}\nin\n{said}\n{processes()}")
    sys.exit(1)

def expect(text):
    """Waits for a text that was not read yet. What is typed is echoed, so it must not hold it whole."""
    global said, read
    end = time.monotonic() + 30
    while said.find(text, read) < 0:
        if time.monotonic() > end or not select.select([terminal], [], [], end - time.monotonic())[0]:
            fail(f"never came: {text}")
        said += os.read(terminal, 4096).decode(errors="replace")
    read = said.find(text, read) + len(text)

def type_(text):
    os.write(terminal, text.encode())

def wait(command, wanted):
    """Until app, agent, and the script around them are all in one of these states."""
    end = time.monotonic() + 30
    while not (found := processes(command)) or any(state not in wanted for state in found.values()):
        if time.monotonic() > end:
            fail(f"{command} is {found}, expected {wanted}")
        time.sleep(0.01)

CTRL_Z, CTRL_C = "\x1a", "\x03"
expect("prompt$ ")

# Ctrl-Z stops both, and the shell is there; fg continues both, and the app has the terminal.
type_(f"{run} sh -c 'echo up-$((1+1)); read x; echo got-$x; exit 7'\n")
expect("up-2")
type_(CTRL_Z)
expect("Stopped")
wait("got-$x", "T")
type_("echo shell-$((1+2))\n")
expect("shell-3")
type_("fg\n")
wait("got-$x", "SR")
type_("hello\n")
expect("got-hello")
type_("echo code-$?\n")
expect("code-7")

# In the background it has no claim on the terminal; an app that reads from it stops, and fg gives it.
type_(f"{run} sh -c 'echo bg-$((1+1)); read y; echo read-$y' &\n")
expect("bg-2")
wait("read-$y", "T")
type_("jobs\n")
expect("Stopped")
type_("fg\n")
wait("read-$y", "SR")
type_("later\n")
expect("read-later")

# An app that starts no processes: one that stops right after vfork keeps dash from stopping, under any shell.
# Where its standard input is no terminal, Ctrl-Z comes to the agent, which passes it on.
type_(f"{run} sh -c 'echo in-$((1+1)); exec sleep 1001' < /dev/null\n")
expect("in-2")
type_(CTRL_Z)
expect("Stopped")
wait("sleep 1001", "T")
type_("bg\n")
wait("sleep 1001", "SR")
type_("kill %1\n")
type_("wait; echo ended-$((1+1))\n")
expect("ended-2")

# What a script does next has the terminal again, and Ctrl-Z stops the whole script.
type_(f"sh -c '{run} sh -c \"echo s-\\$((1+1)); read z; : two\"; read w; echo next-$w'\n")
expect("s-2")
type_(CTRL_Z)
expect("Stopped")
wait(": two", "T")
type_("fg\n")
wait(": two", "SR")
type_("a\n")
wait("next-$w", "SR")
type_("b\n")
expect("next-b")

# Ctrl-C ends the app.
type_(f"{run} sh -c 'trap \"exit 9\" INT; echo c-$((1+1)); while :; do sleep 0.05; done'\n")
expect("c-2")
type_(CTRL_C)
expect("prompt$ ")
type_("echo code-$?\n")
expect("code-9")
type_("exit\n")
print("all came")
