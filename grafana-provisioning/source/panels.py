"""Panel builders: each gives one panel, with every option that Grafana's types require.

Width and height are in units of the grid; `layout` adds the place and the id.
"""

from queries import DATASOURCE, by_path, fields, override

# The release whose types check/ compares with, and whose image the stack uses.
GRAFANA = "13.2.3"

LEGEND = {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True}
ALL_LINES = {"hideZeros": False, "mode": "multi", "sort": "desc"}
LAST = {"calcs": ["lastNotNull"], "fields": "", "values": False}


def _panel(kind, title, description, queries, field_config, options, width, height):
    targets = [dict(one, refId=chr(ord("A") + index)) for index, one in enumerate(queries)]
    return {
        "datasource": DATASOURCE,
        "description": description,
        "fieldConfig": field_config,
        "gridPos": {"h": height, "w": width},
        "options": options,
        "pluginVersion": GRAFANA,
        "targets": targets,
        "title": title,
        "type": kind,
    }


def timeseries(title, description, *queries, unit, width=8, height=8, low=0, high=None, limits=None,
               stacked=False, compared=False, overrides=()):
    """Lines over time. `limits` are drawn dashed; `compared` colours the series by path."""
    custom = {
        "axisPlacement": "auto",
        "drawStyle": "line",
        "fillOpacity": 60 if stacked else 8,
        "lineInterpolation": "linear",
        "lineWidth": 1,
        "showPoints": "never",
        "spanNulls": False,
        "stacking": {"group": "A", "mode": "normal" if stacked else "none"},
        "thresholdsStyle": {"mode": "dashed" if limits else "off"},
    }
    field_config = fields(unit, thresholds=limits, low=low, high=high, custom=custom,
                          overrides=[*(by_path() if compared else ()), *overrides])
    options = {"legend": LEGEND, "tooltip": ALL_LINES}
    return _panel("timeseries", title, description, queries, field_config, options, width, height)


def stat(title, description, *queries, unit, width=6, height=5, limits=None, mappings=(), spark=True,
         text="value_and_name"):
    """Large numbers, one a series, coloured by `limits`."""
    field_config = fields(unit, thresholds=limits, mappings=mappings, colour="thresholds")
    options = {
        "colorMode": "value",
        "graphMode": "area" if spark else "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "percentChangeColorMode": "standard",
        "reduceOptions": LAST,
        "showPercentChange": False,
        "textMode": text,
        "wideLayout": True,
    }
    return _panel("stat", title, description, queries, field_config, options, width, height)


def gauge(title, description, *queries, unit, width=6, height=8, low=0, high=100, limits=None):
    """Dials, one a series."""
    field_config = fields(unit, thresholds=limits, colour="thresholds", low=low, high=high)
    options = {
        "barShape": "flat",
        "barWidthFactor": 0.5,
        "effects": {},
        "minVizHeight": 75,
        "minVizWidth": 75,
        "orientation": "auto",
        "reduceOptions": LAST,
        "segmentCount": 1,
        "segmentSpacing": 0.3,
        "shape": "gauge",
        "showThresholdLabels": False,
        "showThresholdMarkers": True,
        "sizing": "auto",
    }
    return _panel("gauge", title, description, queries, field_config, options, width, height)


def bars(title, description, *queries, unit, width=8, height=8, limits=None):
    """Horizontal bars, one a series or bucket."""
    field_config = fields(unit, thresholds=limits, colour="thresholds" if limits else "continuous-BlPu", low=0)
    options = {
        "displayMode": "basic",
        "legend": dict(LEGEND, showLegend=False),
        "maxVizHeight": 300,
        "minVizHeight": 12,
        "minVizWidth": 8,
        "namePlacement": "left",
        "orientation": "horizontal",
        "reduceOptions": LAST,
        "showUnfilled": True,
        "sizing": "auto",
        "valueMode": "color",
    }
    return _panel("bargauge", title, description, queries, field_config, options, width, height)


def heatmap(title, description, *queries, unit, width=12, height=9):
    """A histogram's own buckets over time: nothing is calculated from the values."""
    custom = {"scaleDistribution": {"type": "linear"}}
    options = {
        "calculate": False,
        "cellGap": 1,
        "cellValues": {"unit": "short"},
        "color": {"exponent": 0.5, "fill": "dark-orange", "mode": "scheme", "reverse": False,
                  "scale": "exponential", "scheme": "Oranges", "steps": 64},
        "exemplars": {"color": "rgba(255,0,255,0.7)"},
        "filterValues": {"le": 1e-9},
        "legend": {"show": True},
        "rowsFrame": {"layout": "auto"},
        "showValue": "never",
        "tooltip": {"mode": "single", "showColorScale": True, "yHistogram": True},
        "yAxis": {"axisPlacement": "left", "reverse": False, "unit": unit},
    }
    return _panel("heatmap", title, description, queries, fields(unit, custom=custom), options, width, height)


def states(title, description, *queries, mappings, width=12, height=7):
    """A band of colour for each series over time: up or down, seen or missing."""
    custom = {"fillOpacity": 70, "lineWidth": 0}
    field_config = fields("none", mappings=mappings, colour="thresholds", custom=custom)
    options = {
        "alignValue": "left",
        "legend": dict(LEGEND, showLegend=False),
        "mergeValues": True,
        "rowHeight": 0.9,
        "showValue": "auto",
        "tooltip": {"mode": "single", "sort": "none"},
    }
    return _panel("state-timeline", title, description, queries, field_config, options, width, height)


def table(title, description, *queries, unit, columns=None, matrix=None, sort=None, width=12, height=8,
          overrides=()):
    """Rows of labels and values. `columns` names them in order and hides all others; `matrix` is
    (label of the rows, label of the columns) and makes one cell of each value."""
    custom = {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False}
    if matrix:
        transformations = [{"id": "groupingToMatrix", "options": {
            "columnField": matrix[1], "rowField": matrix[0], "valueField": "Value"}}]
    else:
        transformations = [{"id": "merge", "options": {}}] if len(queries) > 1 else []
        transformations.append({"id": "organize", "options": {
            "excludeByName": {"Time": True},
            "indexByName": {key: index for index, key in enumerate(columns)},
            "renameByName": columns,
        }})
    options = {
        "cellHeight": "sm",
        "frameIndex": 0,
        "showHeader": True,
        "sortBy": [{"desc": True, "displayName": sort}] if sort else [],
    }
    field_config = fields(unit, custom=custom, colour="thresholds", overrides=overrides)
    panel = _panel("table", title, description, queries, field_config, options, width, height)
    return dict(panel, transformations=transformations)


def column(name, **properties):
    """An override for one column of a table, by its shown name."""
    return override("byName", name, **properties)
