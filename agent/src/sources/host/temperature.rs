//! Temperatures, where there are sensors: most virtual machines have none, which is no failure.

use exposition::{Kind, PageBuilder};
use sysinfo::Components;

use super::Machine;

pub(super) fn collect(machine: &mut Machine, page: &mut PageBuilder) -> Result<(), String> {
    let components = match &mut machine.components {
        Some(components) => {
            components.refresh(false);
            components
        }
        none => none.insert(Components::new_with_refreshed_list().map_err(|error| error.to_string())?),
    };
    let name = "node_hwmon_temp_celsius";
    page.family(name, "Hardware monitor for temperature (input).", Kind::Gauge);
    for (place, component) in components.iter().enumerate() {
        let Some(temperature) = component.temperature() else { continue };
        // Labels of sensors are not unique; their place is.
        let (chip, sensor) = (component.label(), format!("temp{place}"));
        page.sample(name, &[("chip", chip), ("sensor", &sensor)], f64::from(temperature));
    }
    Ok(())
}
