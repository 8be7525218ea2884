//! Temperatures, where there are sensors: most virtual machines have none, which is no failure.

use std::io::ErrorKind;
use std::path::Path;

use exposition::{Kind, PageBuilder};

use super::Machine;

/// The kernel counts in thousandths of a degree (`Documentation/hwmon/sysfs-interface.rst`).
const MILLI: f64 = 1000.0;

pub(super) fn collect(machine: &mut Machine, page: &mut PageBuilder) -> Result<(), String> {
    let name = "node_hwmon_temp_celsius";
    page.family(name, "Hardware monitor for temperature (input).", Kind::Gauge);
    let folder = machine.sysfs.join("class/hwmon");
    let chips = match std::fs::read_dir(&folder) {
        Ok(chips) => chips,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(format!("{} cannot be read: {error}", folder.display())),
    };
    let mut chips: Vec<_> = chips.flatten().map(|entry| entry.path()).collect();
    chips.sort();
    for chip in chips {
        let Ok(files) = std::fs::read_dir(&chip) else { continue };
        let mut sensors: Vec<String> = files
            .flatten()
            .filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix("_input")?.to_owned()))
            .filter(|sensor| sensor.starts_with("temp"))
            .collect();
        sensors.sort();
        let label = label(&chip);
        for sensor in sensors {
            let read = std::fs::read_to_string(chip.join(format!("{sensor}_input")));
            // A sensor that is switched off answers with an error; the others go on.
            let Some(value) = read.ok().and_then(|text| text.trim().parse::<f64>().ok()) else { continue };
            page.sample(name, &[("chip", &label), ("sensor", &sensor)], value / MILLI);
        }
    }
    Ok(())
}

/// The chip as `node_exporter` names it: by its bus and device, else by its name.
fn label(chip: &Path) -> String {
    let clean = |text: &str| -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
        text.trim().chars().map(plain).collect::<String>().trim_matches('_').to_owned()
    };
    if let Ok(device) = chip.join("device").canonicalize() {
        let last =
            |path: &Path| path.file_name().map(|name| clean(&name.to_string_lossy())).unwrap_or_default();
        let bus = device.parent().map(last).unwrap_or_default();
        return format!("{bus}_{}", last(&device));
    }
    std::fs::read_to_string(chip.join("name")).map_or_else(|_| "unknown".to_owned(), |name| clean(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sensors_are_read_in_degrees() {
        let folder = tempfile::tempdir().unwrap();
        let chip = folder.path().join("class/hwmon/hwmon0");
        std::fs::create_dir_all(&chip).unwrap();
        std::fs::write(chip.join("name"), "core temp\n").unwrap();
        std::fs::write(chip.join("temp1_input"), "45500\n").unwrap();
        std::fs::write(chip.join("temp2_input"), "off\n").unwrap();
        let mut machine = Machine::new("/proc".into(), folder.path().into(), "/".into());
        let mut page = PageBuilder::new();
        collect(&mut machine, &mut page).unwrap();
        let page = page.finish();
        let lines: Vec<String> = page.samples().map(|sample| sample.line().to_owned()).collect();
        assert_eq!(lines, ["node_hwmon_temp_celsius{chip=\"core_temp\",sensor=\"temp1\"} 45.5"]);
    }
}
