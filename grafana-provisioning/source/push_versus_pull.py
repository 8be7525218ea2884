"""Push versus pull: the same indicators by each path, how old they are, and where the paths disagree.

Paths are compared by (path, instance), never by job: the pulled job is not the pushed one's.
"""

from layout import choice, dashboard, label_values
from panels import bars, column, stat, states, table, timeseries
from queries import COLOURED, PATH_COLOURS, SEEN, UP, names, now, query, rows, steps

ONE = 'instance=~"$instance"'
BOTH = f'path=~"$path", {ONE}'
REQUESTS = "app_requests_total"
# Zero for each instance that any path knows: what a path does not see counts as nothing there.
ANY = f"0 * sum by (instance) ({REQUESTS}{{{ONE}}})"
# Older than some intervals of the agent, and no pull target of that instance answers.
AGE = f"time() - max by (job, instance) (push_time_seconds{{{ONE}}})"
LIMIT = "$intervals * 15"
PULLED = 'max by (instance) (up{path="pull"})'
GHOSTS = f"({AGE} > {LIMIT}) unless on (instance) ({PULLED} == 1)"


def indicator(title, about, name, unit, *, host=False, width=8, **more):
    """A recorded indicator, a line for each path and instance."""
    chosen = 'path=~"$path"' if host else BOTH
    point = " {{mountpoint}}" if name.startswith("path_instance_mountpoint") else ""
    return timeseries(title, f"{about} Recorded as {name}.",
                      query(f"{name}{{{chosen}}}", "{{path}} {{instance}}" + point),
                      unit=unit, width=width, compared=True, **more)


def seen_by(path):
    """1 for each instance that the path knows, 0 for each that only others know."""
    return f'group by (instance) ({REQUESTS}{{path="{path}", {ONE}}}) or {ANY}'


def counted_by(path):
    """The counter as the path has it; 0 where it has none."""
    return f'(sum by (instance) ({REQUESTS}{{path="{path}", {ONE}}}) or {ANY})'


def only(path, other):
    """How many instances one path knows and the other does not."""
    return (f'count(group by (instance) ({REQUESTS}{{path="{path}", {ONE}}}) unless on (instance)'
            f' group by (instance) ({REQUESTS}{{path="{other}", {ONE}}})) or vector(0)')


VARIABLES = [
    label_values("path", REQUESTS, about="Paths to show."),
    label_values("instance", 'app_requests_total{path=~"$path"}', about="Instances of the API."),
    choice("intervals", ["3", "4", "8", "20"], "4",
           about="A pushed group older than this many of the agent's 15 s intervals is stale."),
]

LATENCY = [indicator(f"Response time p{part}", "From the histogram's buckets.",
                     f"path_instance:http_request_duration_seconds:p{part}_1m", "s", width=6,
                     limits=steps((0.5, "red"))) for part in (50, 90, 95, 99)]

INDICATORS = [
    indicator("Request rate", "Requests to the article's endpoint.", "path_instance:app_requests:rate1m", "reqps"),
    indicator("All requests", "Requests to every route.", "path_instance:http_requests:rate1m", "reqps"),
    indicator("Error ratio", "Share of requests denied (5xx, 429), scrapes and probes left out; zero while there are "
              "none.",
              "path_instance:http_errors:ratio1m", "percentunit", limits=steps((0.05, "red"))),
    *LATENCY,
    indicator("Application CPU", "100 % is one core.", "path_instance:app_cpu:percent", "percent"),
    indicator("Application memory", "Resident.", "path_instance:app_memory:bytes", "bytes"),
    indicator("Disk in use", "Of the disk that the API runs on.", "path_instance:system_disk:percent", "percent",
              high=100),
    indicator("System CPU", "As the API measures it.", "path_instance:system_cpu:percent", "percent", high=100),
    indicator("System memory", "As the API measures it.", "path_instance:system_memory:percent", "percent", high=100),
    indicator("Host CPU", "Of all cores; pull is node_exporter, the others are the agent.",
              "path_instance:host_cpu:ratio1m", "percentunit", host=True, high=1),
    indicator("Host memory", "In use; pull is node_exporter, the others are the agent.",
              "path_instance:host_memory:ratio", "percentunit", host=True, width=12, high=1),
    indicator("Host filesystems", "In use; pull is node_exporter, the others are the agent.",
              "path_instance_mountpoint:host_filesystem:ratio", "percentunit", host=True, width=12, high=1),
]

FRESHNESS = [
    indicator("Age of data", "How old the newest value is: since the push, since the scrape, or since the agent "
              "collected it. A pushed group grows old when nobody pushes, and Prometheus does not notice.",
              "path_instance:data:age_seconds", "s", width=12, limits=steps((60, "red"))),
    bars("Oldest data now", "The oldest instance of each path, now.",
         now(f"max by (path) (path_instance:data:age_seconds{{{BOTH}}})", "{{path}}"),
         unit="s", width=6, limits=steps((30, "yellow"), (60, "red"))),
    stat("Values seen in five minutes", "How often the request counter was seen to move: a path that samples less "
         "often sees fewer of its values.",
         now(f"max by (path) (changes({REQUESTS}{{{BOTH}}}[5m]))", "{{path}}"),
         unit="short", height=8, spark=False),
    states("Up, as each path tells it", "Pull: Prometheus' own scrape. Push and fallback: the agent's scrape of the "
           "same page, and down when nothing newer than a minute came. Recorded as path_instance:api:up.",
           query(f"path_instance:api:up{{{BOTH}}}", "{{path}} {{instance}}"), mappings=UP),
    states("The ways themselves", "Whether Prometheus reaches the API, the gateway, and the agent's page.",
           query('min by (path, job) (up{job=~"api-pull|pushgateway|agent-fallback"})', "{{path}} {{job}}"),
           mappings=UP),
]

DIFFERENCES = [
    timeseries("Requests that one path has and the other has not", "Difference of the request counter, instance by "
               "instance. A few requests are the time between two scrapes. A path that does not know the instance "
               "counts as 0, so the whole counter shows.",
               query(f"{counted_by('pull')} - {counted_by('push')}", "pull - push {{instance}}"),
               query(f"{counted_by('pull')} - {counted_by('fallback')}", "pull - fallback {{instance}}"),
               unit="short", width=12, low=None),
    table("Requests counted since the start", "The counter by path, now. An empty cell: the path does not know the "
          "instance.", rows(f"sum by (instance, path) ({REQUESTS}{{{BOTH}}})"),
          unit="short", matrix=("instance", "path"), width=6),
    table("Requests in the shown time", "increase() by path. Behind a gateway the first value of an instance and "
          "what fell between two pushes are not seen.",
          rows(f"sum by (instance, path) (increase({REQUESTS}{{{BOTH}}}[$__range]))"),
          unit="short", matrix=("instance", "path"), width=6),
    stat("Instances that only one path knows", "How many instances the first path knows and the second does not. "
         "Zero when there are none.",
         query(only("pull", "push"), "pull, not push"), query(only("push", "pull"), "push, not pull"),
         query(only("pull", "fallback"), "pull, not fallback"), query(only("fallback", "push"), "fallback, not push"),
         unit="short", width=12, limits=steps((1, "red"))),
    stat("Counter resets in the shown time", "A restart is one on each path. More on push than on pull: two sources "
         "share a group, or an old push came late.",
         now(f"sum by (path) (resets({REQUESTS}{{{BOTH}}}[$__range]))", "{{path}}"),
         unit="short", width=12, spark=False),
    states("Who is seen by which path", "Each instance that any path knows. Missing: this path has no data of it.",
           *(query(seen_by(path), path + " {{instance}}") for path in PATH_COLOURS), mappings=SEEN, width=24),
]

GHOST = [
    stat("Ghosts", "Pushed groups older than the chosen number of intervals while no pull target of the same "
         "instance is up: their values are shown, and nothing stands behind them. Zero when there are none. The "
         "host's and the agent's groups have no pull target, so their age alone decides.",
         query(f"count({GHOSTS}) or vector(0)", "ghosts"), unit="short", height=9, limits=steps((1, "red"))),
    table("Pushed groups", "Every group of the gateway with its age, whether Prometheus reaches the instance itself, "
          "and whether it is a ghost.",
          rows(AGE),
          rows(f"0 * max by (job, instance) (push_time_seconds{{{ONE}}}) + on (instance) group_left () {PULLED}"
               f" or 0 * max by (job, instance) (push_time_seconds{{{ONE}}}) - 1"),
          rows(f"({AGE} > bool {LIMIT}) * on (instance) group_left () (1 - {PULLED}) or {AGE} > bool {LIMIT}"),
          unit="none", width=18, height=9, sort="Age",
          columns={"job": "Job", "instance": "Instance", "Value #A": "Age", "Value #B": "Pull target",
                   "Value #C": "Ghost"},
          overrides=[
              column("Age", unit="s", custom__cellOptions=COLOURED,
                     thresholds={"mode": "absolute", "steps": steps((60, "red"))}),
              column("Pull target", custom__cellOptions=COLOURED,
                     mappings=names(v_1=("none", "text"), v0=("down", "red"), v1=("up", "green"))),
              column("Ghost", custom__cellOptions=COLOURED, mappings=names(v0=("no", "text"), v1=("ghost", "red"))),
          ]),
    timeseries("Age of pushed groups", "Time since the last good push of each group.",
               query(AGE, "{{job}} {{instance}}"), unit="s", width=24, limits=steps((60, "red"))),
]

DASHBOARD = dashboard(
    "pushpull-push-versus-pull", "pushpull: Push versus pull",
    "Each indicator by path, the age of its data, and what one path saw and another did not.",
    ["comparison"], VARIABLES, [
        ("Each indicator by path", INDICATORS),
        ("Age of data", FRESHNESS),
        ("What one path saw and the other did not", DIFFERENCES),
        ("Ghosts", GHOST),
    ])
