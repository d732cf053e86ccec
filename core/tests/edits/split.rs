//! An object → its members as they stand in the text. For texts that are known to be JSON.

/// One member, in the spelling of the text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Member<'a> {
    /// From the first quote of its name to the end of its value.
    pub(crate) text: &'a str,
    /// From the first quote of its name to its value.
    pub(crate) front: &'a str,
    /// Its value.
    pub(crate) value: &'a str,
    name: &'a str,
}

impl Member<'_> {
    /// The name that is meant; one that no string can hold is left in its spelling.
    pub(crate) fn name(&self) -> String {
        serde_json::from_str(self.name).unwrap_or_else(|_| self.name.to_owned())
    }
}

/// An object in a text.
#[derive(Debug)]
pub(crate) struct Object<'a> {
    /// What stands before its brace.
    pub(crate) before: &'a str,
    /// Its members, in their order.
    pub(crate) members: Vec<Member<'a>>,
    /// What stands after its brace.
    pub(crate) after: &'a str,
}

/// Takes an object apart.
pub(crate) fn split(text: &str) -> Object<'_> {
    let bytes = text.as_bytes();
    let open = space(bytes, 0);
    assert_eq!(bytes[open], b'{', "{text}");
    let mut members = Vec::new();
    let mut at = space(bytes, open + 1);
    while bytes[at] != b'}' {
        let start = at;
        let colon = value(bytes, start);
        let name = &text[start..colon];
        at = space(bytes, space(bytes, colon) + 1);
        let end = value(bytes, at);
        members.push(Member {
            text: &text[start..end],
            front: &text[start..at],
            value: &text[at..end],
            name,
        });
        at = space(bytes, end);
        if bytes[at] == b',' {
            at = space(bytes, at + 1);
        }
    }
    Object {
        before: &text[..open],
        members,
        after: &text[at + 1..],
    }
}

/// Where white space ends.
fn space(bytes: &[u8], at: usize) -> usize {
    let more = bytes[at..]
        .iter()
        .take_while(|byte| b" \t\r\n".contains(byte));
    at + more.count()
}

/// Where the value that begins here ends.
fn value(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0;
    loop {
        match bytes[at] {
            b'"' => {
                at += 1;
                while bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        let ends = |byte: &u8| b",:]} \t\r\n".contains(byte);
        let bracket = matches!(bytes[at - 1], b'"' | b'}' | b']');
        if depth == 0 && (bracket || bytes.get(at).is_none_or(ends)) {
            return at;
        }
    }
}

#[test]
fn an_object_is_taken_apart_as_it_stands() {
    let object = split(" {\n\"a\\u0062\" : [1, {\"x\":\"]}\\\"\"}] ,\"c\":-1.0e3,\"d\":{}}\t");
    assert_eq!((object.before, object.after), (" ", "\t"));
    let parts: Vec<_> = object
        .members
        .iter()
        .map(|m| (m.name(), m.front, m.value))
        .collect();
    let expected = [
        ("ab", "\"a\\u0062\" : ", "[1, {\"x\":\"]}\\\"\"}]"),
        ("c", "\"c\":", "-1.0e3"),
        ("d", "\"d\":", "{}"),
    ];
    assert_eq!(
        parts,
        expected.map(|(name, front, value)| (name.to_owned(), front, value))
    );
    assert!(split("{ }").members.is_empty());
}
