//! A program's arguments: `--name value`, in any order.

use std::str::FromStr;

/// The arguments of this program.
#[derive(Debug)]
pub struct Arguments(Vec<String>);

impl Arguments {
    /// Those that the program was started with.
    #[must_use]
    pub fn read() -> Self {
        Self(std::env::args().skip(1).collect())
    }

    /// Every value of a name, in the order given.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let values = self.0.iter().zip(self.0.iter().skip(1));
        values
            .filter(move |(own, _)| *own == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether the name stands there.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|own| own == name)
    }

    /// The value of a name, or `default` where there is none.
    ///
    /// # Errors
    ///
    /// The value is not of this type.
    pub fn value<T: FromStr>(&self, name: &str, default: T) -> Result<T, String> {
        match self.all(name).next() {
            None => Ok(default),
            Some(text) => text
                .parse()
                .map_err(|_| format!("{name} {text}: not a valid value")),
        }
    }
}
