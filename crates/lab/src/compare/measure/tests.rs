//! Each measure by hand, with its edge; one file for each group of measures.

mod capture;
mod deaths;
mod drawn;
mod properties;
mod simulated;
mod time;
