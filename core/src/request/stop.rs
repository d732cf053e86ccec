//! `stop`: an array of strings, at most so many (W12).

use super::faults::Faults;
use crate::json::{Cursor, Fault, Kind};

pub(super) fn read(
    cursor: &mut Cursor<'_>,
    limit: usize,
    faults: &mut Faults,
) -> Result<(), Fault> {
    match cursor.kind()? {
        Kind::Null => cursor.pass(),
        Kind::Array => {
            let mut count = 0;
            cursor.array(|cursor, i| {
                count = i + 1;
                let kind = cursor.kind()?;
                if kind != Kind::String {
                    faults.wrong_type(&format!("/stop/{i}"), "a string", kind);
                }
                cursor.pass()
            })?;
            if count > limit {
                faults.invalid("/stop", &format!("an array of at most {limit} strings"));
            }
            Ok(())
        }
        kind => {
            faults.wrong_type("/stop", "an array of strings", kind);
            cursor.pass()
        }
    }
}
