//! Groups outlive a restart: what was acknowledged is there, and what is broken is not overwritten.

mod broken;
mod crash;
mod disk;
mod power;
mod process;
mod restart;
mod slow;
