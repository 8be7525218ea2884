// What a dashboard of ours may hold: Grafana's published types, closed where they are open.
//
// Grafana leaves options, custom fields, overrides, queries and transformations as "any record", since
// plugins fill them. Here each type of panel has its own, and a key that nobody reads is an error.
import type {
  Dashboard, DataSourceRef, FieldConfig, GridPos, MatcherConfig, Panel, RowPanel, TableFieldOptions, TableOptions,
  VariableModel,
} from "@grafana/schema";
import type * as BarGauge from "@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen";
import type * as Gauge from "@grafana/schema/dist/esm/raw/composable/gauge/panelcfg/x/GaugePanelCfg_types.gen";
import type * as Heatmap from "@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen";
import type * as Stat from "@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen";
import type * as States from "@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen";
import type * as Series from "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen";

// JSON has the values of enums, not their names: "bottom" where the type says AxisPlacement.Bottom.
type Json<T> =
  T extends string ? `${T}`
  : T extends number | boolean | null | undefined ? T
  : T extends Array<infer Item> ? Array<Json<Item>>
  : T extends object ? { [Key in keyof T]: Json<T[Key]> }
  : T;

type With<T, Key extends keyof T> = Omit<T, Key> & { [K in Key]-?: NonNullable<T[K]> };
type Nothing = Record<string, never>;
type Source = { type: "prometheus"; uid: "prometheus" } & DataSourceRef;

// Not in @grafana/schema: the Prometheus plugin's query (grafana-prometheus/src/dataquery.ts).
interface Target {
  datasource: Source;
  editorMode: "code";
  expr: string;
  format: "time_series" | "table" | "heatmap";
  instant: boolean;
  legendFormat: string;
  range: boolean;
  refId: string;
}

type Plain = Omit<FieldConfig, "custom" | "links" | "actions">;
type Defaults<Custom> = With<Plain, "color" | "mappings" | "thresholds" | "unit"> & { custom?: Custom };
type Property<Custom> =
  | { [Key in keyof Plain]-?: { id: Key; value: NonNullable<Plain[Key]> } }[keyof Plain]
  | { [Key in keyof Custom & string]-?: { id: `custom.${Key}`; value: NonNullable<Custom[Key]> } }[keyof Custom & string];
type Matcher = Omit<MatcherConfig, "id" | "options" | "scope"> & { id: "byName" | "byRegexp"; options: string };
interface Fields<Custom> {
  defaults: Defaults<Custom>;
  overrides: Array<{ matcher: Matcher; properties: Array<Property<Custom>> }>;
}

type Transformation =
  | { id: "merge"; options: Nothing }
  | { id: "groupingToMatrix"; options: { columnField: string; rowField: string; valueField: string } }
  | {
    id: "organize";
    options: {
      excludeByName: Record<string, boolean>;
      indexByName: Record<string, number>;
      renameByName: Record<string, string>;
    };
  };

type Bare = Omit<Panel,
  "type" | "options" | "fieldConfig" | "targets" | "transformations" | "datasource" | "gridPos" | "links">;
type Of<Type, Options, Custom> = With<Bare, "id" | "title" | "description" | "pluginVersion"> & {
  type: Type;
  datasource: Source;
  fieldConfig: Fields<Custom>;
  gridPos: Omit<GridPos, "static">;
  options: Options;
  targets: Array<Target>;
  transformations?: Array<Transformation>;
};

type AnyPanel =
  | Of<"timeseries", Series.Options, Series.FieldConfig>
  | Of<"stat", Stat.Options, Nothing>
  | Of<"gauge", Gauge.Options, Nothing>
  | Of<"bargauge", BarGauge.Options, Nothing>
  | Of<"heatmap", Heatmap.Options, Heatmap.FieldConfig>
  | Of<"table", TableOptions, TableFieldOptions>
  | Of<"state-timeline", States.Options, States.FieldConfig>
  | With<Omit<RowPanel, "panels" | "datasource" | "repeat">, "title" | "gridPos"> & { panels: [] };

type Bound = Omit<VariableModel, "type" | "query" | "datasource">;
type Variable =
  | Bound & { type: "query"; datasource: Source; query: { qryType: 1; query: string; refId: string } }
  | Bound & { type: "custom"; query: string };

type Whole = With<Omit<Dashboard, "panels" | "templating" | "annotations" | "snapshot">,
  "description" | "tags" | "title" | "uid" | "refresh" | "time" | "links">;

export type Strict = Json<Whole & { panels: Array<AnyPanel>; templating: { list: Array<Variable> } }>;
